using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.StateHandles.Writing;
using Flink.Kubernetes.HA.StateHandles;

namespace Flink.Kubernetes.HA.Jobs;

/// <summary>Stores the results of jobs in the Dispatcher's ConfigMap, so that no leader runs a finished job again (Flink's
/// <c>JobResultStore</c>).</summary>
/// <remarks>
/// <para>
/// A result is written as soon as a job is globally terminal, as dirty, because the job is still to be cleaned up. After the clean-up it is marked
/// clean. The next leader continues with the dirty ones. All members are thread-safe.
/// </para>
/// <para>
/// Dirty results are kept until they are clean. The newest clean ones are kept for queries; older ones are removed when another result is
/// marked clean. By then nothing of those jobs is left that could run again.
/// </para>
/// </remarks>
public sealed class JobResultStore
{
    /// <summary>The default number of clean results that are kept: 100.</summary>
    public const int DefaultMaximumCleanResults = 100;

    private readonly TermValues _values;
    private readonly int _maximumCleanResults;

    private JobResultStore(LeadershipTerm term, int maximumCleanResults)
    {
        _values = new TermValues(term);
        _maximumCleanResults = maximumCleanResults;
        Reader = new JobResultReader(_values.Reader);
    }

    /// <summary>The reader of results.</summary>
    public JobResultReader Reader { get; }

    /// <summary>Opens the store; sends no request.</summary>
    /// <param name="term">A term of <see cref="LeaderComponent.Dispatcher"/>.</param>
    /// <param name="maximumCleanResults">The number of newest clean results to keep, at about 300 bytes each, up to 1.5 KB with a message.</param>
    /// <exception cref="ArgumentException">The term is of another component.</exception>
    internal static JobResultStore Open(LeadershipTerm term, int maximumCleanResults = DefaultMaximumCleanResults)
    {
        TermValues.Require(term, LeaderComponent.Dispatcher, "The job result store");
        ArgumentOutOfRangeException.ThrowIfNegative(maximumCleanResults);
        return new JobResultStore(term, maximumCleanResults);
    }

    /// <summary>Writes a dirty result: the job has ended and is to be cleaned up. Writing the same result again has no effect, so a retry
    /// is safe.</summary>
    /// <exception cref="InvalidOperationException">The job already has another result, which is kept.</exception>
    /// <exception cref="LeadershipLostException">Leadership was lost before the write took effect; nothing was written.</exception>
    /// <exception cref="StateOutcomeUnknownException">Leadership was lost before it was known whether the result was written.</exception>
    /// <exception cref="StateHandleException">A stored result cannot be read.</exception>
    /// <exception cref="ConfigMapFullException">The ConfigMap would become too large; nothing was written.</exception>
    public async Task CreateDirtyAsync(JobResult result, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(result);
        while (true)
        {
            var content = await _values.ReadAsync(cancellationToken).ConfigureAwait(false);
            var all = JobResultEntry.ReadAll(content, _values.ConfigMap);
            var stored = all.FirstOrDefault(entry => entry.Result.JobId == result.JobId);
            if (stored is not null && stored.Result != result)
            {
                throw new InvalidOperationException(
                    $"Job {result.JobId} has already ended {stored.Result.Status}, and a job ends once: {result.Status} was not written.");
            }

            var entry = stored ?? JobResultEntry.Create(result, isDirty: true, NextNumber(all));
            if (await TryAsync([new ValueChange(entry.Key, stored?.Text, entry.Text)], cancellationToken).ConfigureAwait(false))
            {
                return;
            }
        }
    }

    /// <summary>Marks the result of a job as clean: nothing of the job is left to be cleaned up. A retry is safe.</summary>
    /// <exception cref="InvalidOperationException">The job has no result.</exception>
    /// <exception cref="LeadershipLostException">Leadership was lost before the write took effect; nothing was written.</exception>
    /// <exception cref="StateOutcomeUnknownException">Leadership was lost before it was known whether the result was marked.</exception>
    /// <exception cref="StateHandleException">A result cannot be read.</exception>
    public async Task MarkCleanAsync(JobId jobId, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var content = await _values.ReadAsync(cancellationToken).ConfigureAwait(false);
            var all = JobResultEntry.ReadAll(content, _values.ConfigMap);
            var stored = all.FirstOrDefault(entry => entry.Result.JobId == jobId)
                ?? throw new InvalidOperationException(
                    $"Job {jobId} has no result that could be marked clean: write a dirty one when the job has ended.");
            var clean = stored.IsDirty ? JobResultEntry.Create(stored.Result, isDirty: false, NextNumber(all)) : stored;
            List<ValueChange> changes = [new ValueChange(clean.Key, stored.Text, _maximumCleanResults == 0 ? null : clean.Text)];
            var others = all.Where(entry => !entry.IsDirty && entry.Result.JobId != jobId).ToList();
            var excess = Math.Max(0, others.Count + 1 - Math.Max(1, _maximumCleanResults));
            changes.AddRange(others.Take(excess).Select(entry => new ValueChange(entry.Key, entry.Text, value: null)));
            if (await TryAsync(changes, cancellationToken).ConfigureAwait(false))
            {
                return;
            }
        }
    }

    // One more than the newest of all results, dirty and clean, so that the next one is newer than any that is kept.
    private static long NextNumber(IReadOnlyList<JobResultEntry> all) => all.Count == 0 ? 1 : all[^1].Number + 1;

    /// <returns>Whether the changes were made; if not, another task of this process was faster.</returns>
    private async Task<bool> TryAsync(IEnumerable<ValueChange> changes, CancellationToken cancellationToken)
    {
        try
        {
            await _values.ChangeAsync(changes, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (StateHandleException exception) when (exception.Failure == StateHandleFailure.Changed)
        {
            return false;
        }
    }
}
