using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.StateHandles;
using Flink.Kubernetes.HA.StateHandles.Changes;

namespace Flink.Kubernetes.HA.Jobs;

/// <summary>Remembers in the Dispatcher's ConfigMap which jobs have ended, so that no leader runs them again (Flink's JobResultStore).</summary>
/// <remarks>
/// <para>
/// A result is written as soon as a job is globally terminal: dirty, for the job is to be cleaned up yet. When all of that is done it is marked
/// clean. Whoever leads next goes on with the dirty ones. Safe for concurrent use.
/// </para>
/// <para>
/// Dirty results are kept as long as it takes. Of the clean ones the newest are kept, for those who ask how a job has ended, and
/// the others are dropped when another is marked: by then nothing of those jobs is left that could start again.
/// </para>
/// </remarks>
public sealed class JobResultStore
{
    /// <summary>How many clean results are kept unless another number is given.</summary>
    public const int DefaultMaximumCleanResults = 100;

    private readonly TermValues _values;
    private readonly int _maximumCleanResults;

    private JobResultStore(LeadershipTerm term, int maximumCleanResults)
    {
        _values = new TermValues(term);
        _maximumCleanResults = maximumCleanResults;
        Reader = new JobResultReader(_values.Reader);
    }

    /// <summary>Reads results.</summary>
    public JobResultReader Reader { get; }

    /// <summary>Opens the store; that sends no request.</summary>
    /// <param name="term">A term of <see cref="LeaderComponent.Dispatcher"/>.</param>
    /// <param name="maximumCleanResults">How many clean results are kept, the newest; at 300 bytes each, and up to 1.5 KB with a message.</param>
    /// <exception cref="ArgumentException">The term is one of another component.</exception>
    public static JobResultStore Open(LeadershipTerm term, int maximumCleanResults = DefaultMaximumCleanResults)
    {
        TermValues.Require(term, LeaderComponent.Dispatcher, "The job result store");
        ArgumentOutOfRangeException.ThrowIfNegative(maximumCleanResults);
        return new JobResultStore(term, maximumCleanResults);
    }

    /// <summary>Writes down that a job has ended and is to be cleaned up. The same result again is no error, so a repeat is safe.</summary>
    /// <exception cref="InvalidOperationException">The job has another result already, which stays.</exception>
    /// <exception cref="LeadershipLostException">The term leads no more; nothing was written.</exception>
    /// <exception cref="StateOutcomeUnknownException">Leadership was lost before it was known whether the result was written.</exception>
    /// <exception cref="StateHandleCorruptException">A result that stands can't be read.</exception>
    /// <exception cref="ConfigMapFullException">The ConfigMap would become too large; nothing was written.</exception>
    public async Task CreateDirtyAsync(JobResult result, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(result);
        while (true)
        {
            var content = await _values.ReadAsync(cancellationToken).ConfigureAwait(false);
            var all = JobResultEntry.ReadAll(content, _values.ConfigMap);
            var standing = all.FirstOrDefault(entry => entry.Result.JobId == result.JobId);
            if (standing is not null && standing.Result != result)
            {
                throw new InvalidOperationException($"Job {result.JobId} has ended {standing.Result.Status} already, and a job ends once: {result.Status} was not written.");
            }

            var entry = standing ?? JobResultEntry.Create(result, isDirty: true, NextNumber(all));
            if (await TryAsync([new ValueChange(entry.Key, standing?.Text, entry.Text)], cancellationToken).ConfigureAwait(false))
            {
                return;
            }
        }
    }

    /// <summary>Writes down that nothing of a job is left to be cleaned up. A repeat is safe.</summary>
    /// <exception cref="InvalidOperationException">The job has no result.</exception>
    /// <exception cref="LeadershipLostException">The term leads no more; nothing was written.</exception>
    /// <exception cref="StateOutcomeUnknownException">Leadership was lost before it was known whether the result was marked.</exception>
    /// <exception cref="StateHandleCorruptException">A result can't be read.</exception>
    public async Task MarkCleanAsync(JobId jobId, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var content = await _values.ReadAsync(cancellationToken).ConfigureAwait(false);
            var all = JobResultEntry.ReadAll(content, _values.ConfigMap);
            var standing = all.FirstOrDefault(entry => entry.Result.JobId == jobId)
                ?? throw new InvalidOperationException($"Job {jobId} has no result that could be marked clean: write a dirty one when the job has ended.");
            var clean = standing.IsDirty ? JobResultEntry.Create(standing.Result, isDirty: false, NextNumber(all)) : standing;
            List<ValueChange> changes = [new ValueChange(clean.Key, standing.Text, _maximumCleanResults == 0 ? null : clean.Text)];
            var others = all.Where(entry => !entry.IsDirty && entry.Result.JobId != jobId).ToList();
            changes.AddRange(others.Take(Math.Max(0, others.Count + 1 - Math.Max(1, _maximumCleanResults))).Select(entry => new ValueChange(entry.Key, entry.Text, value: null)));
            if (await TryAsync(changes, cancellationToken).ConfigureAwait(false))
            {
                return;
            }
        }
    }

    // The newest of all, also of those that were marked clean: so the next one is newer than any that is kept.
    private static long NextNumber(IReadOnlyList<JobResultEntry> all) => all.Count == 0 ? 1 : all[^1].Number + 1;

    /// <returns>Whether the changes were made; otherwise another task of this process has come between.</returns>
    private async Task<bool> TryAsync(IEnumerable<ValueChange> changes, CancellationToken cancellationToken)
    {
        try
        {
            await _values.ChangeAsync(changes, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (StateHandleChangedException)
        {
            return false;
        }
    }
}
