using System.Globalization;
using Flink.Kubernetes.HA.Jobs;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.StateHandles;

namespace Flink.Kubernetes.HA.Checkpoints;

/// <summary>Hands out the ids of a job's checkpoints, from 1 on, and no id twice, whatever fails and whoever leads (Flink's CheckpointIDCounter).</summary>
/// <remarks>
/// It is the value <c>counter</c> of the job's ConfigMap. An id is handed out when it is certain that the API server has counted on; what is not
/// certain is passed over, so ids may be missing. Safe for concurrent use.
/// A ConfigMap that was deleted by someone else takes the counter with it: the counter of a <see cref="CompletedCheckpointStore{T}"/> is safe from
/// starting anew, for opening that store finds it out.
/// </remarks>
public sealed class CheckpointIdCounter
{
    private readonly TermValues _values;
    private volatile CounterValue? _known;

    internal CheckpointIdCounter(TermValues values) => _values = values;

    /// <summary>What the ConfigMap held last, as far as this counter knows; it only grows.</summary>
    internal CounterValue? Known => _known;

    /// <summary>Opens the counter; that sends no request. A <see cref="CompletedCheckpointStore{T}"/> has one already.</summary>
    /// <param name="term">A term of <see cref="LeaderComponent.JobManager"/> of the job.</param>
    /// <param name="jobId">The job.</param>
    /// <exception cref="ArgumentException">The term is not one of the job.</exception>
    public static CheckpointIdCounter Open(LeadershipTerm term, JobId jobId)
    {
        TermValues.Require(term, LeaderComponent.JobManager(jobId), "The checkpoint id counter");
        return new CheckpointIdCounter(new TermValues(term));
    }

    /// <summary>The id that is handed out next.</summary>
    /// <exception cref="ConfigMapMissingException">The job's ConfigMap does not exist.</exception>
    /// <exception cref="StateHandleCorruptException">The counter is not a number.</exception>
    /// <exception cref="LeadershipLostException">The term leads no more.</exception>
    public async Task<long> GetAsync(CancellationToken cancellationToken = default) => (await ReadAsync(cancellationToken).ConfigureAwait(false)).Next;

    /// <summary>Hands out an id.</summary>
    /// <exception cref="LeadershipLostException">The term leads no more; no id was handed out.</exception>
    /// <exception cref="StateOutcomeUnknownException">Leadership was lost before the answer came; the id was not handed out, and nobody gets it or everybody can.</exception>
    /// <exception cref="ConfigMapMissingException">The job's ConfigMap does not exist.</exception>
    /// <exception cref="StateHandleCorruptException">The counter is not a number.</exception>
    /// <exception cref="OverflowException">All ids were handed out.</exception>
    public async Task<long> GetAndIncrementAsync(CancellationToken cancellationToken = default)
    {
        var known = _known ?? await ReadAsync(cancellationToken).ConfigureAwait(false);
        while (true)
        {
            if (await TryMoveAsync(known, checked(known.Next + 1), cancellationToken).ConfigureAwait(false))
            {
                return known.Next;
            }

            known = await ReadAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Has the ids go on from here, as after a restore from elsewhere.</summary>
    /// <param name="next">The id that is handed out next: not less than now, for no id is handed out twice.</param>
    /// <param name="cancellationToken">Gives up; the counter may be set all the same.</param>
    /// <exception cref="ArgumentOutOfRangeException">Ids from there on were handed out already; nothing was written.</exception>
    /// <exception cref="LeadershipLostException">The term leads no more; nothing was written.</exception>
    /// <exception cref="StateOutcomeUnknownException">Leadership was lost before it was known whether the counter was set.</exception>
    /// <exception cref="ConfigMapMissingException">The job's ConfigMap does not exist.</exception>
    public async Task SetAsync(long next, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(next);
        CounterValue known;
        do
        {
            known = await ReadAsync(cancellationToken).ConfigureAwait(false);
            if (next < known.Next)
            {
                throw new ArgumentOutOfRangeException(nameof(next), next, $"The counter stands at {known.Next}: ids below it were handed out, and none is handed out twice.");
            }
        }
        while (!await TryMoveAsync(known, next, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Ends the counter: of a job that is globally terminal it is removed, of any other it stays for the next leader. A repeat is safe.</summary>
    /// <exception cref="LeadershipLostException">The term leads no more; nothing was written.</exception>
    /// <exception cref="StateOutcomeUnknownException">Leadership was lost before it was known whether the counter was removed.</exception>
    /// <exception cref="ConfigMapMissingException">The job's ConfigMap does not exist.</exception>
    public async Task ShutdownAsync(JobStatus status, CancellationToken cancellationToken = default)
    {
        while (status.IsGloballyTerminal())
        {
            var content = await _values.ReadAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                await _values.ChangeAsync(CheckpointKeys.Counter, content.Data.GetValueOrDefault(CheckpointKeys.Counter), value: null, cancellationToken).ConfigureAwait(false);
                _known = null;
                return;
            }
            catch (StateHandleChangedException)
            {
                // Somebody has just taken an id: read again.
            }
        }
    }

    internal static string Format(long next) => next.ToString(CultureInfo.InvariantCulture);

    internal void Learn(ConfigMapContent content) => Learn(new CounterValue(content.Data.GetValueOrDefault(CheckpointKeys.Counter), CheckpointKeys.NextOf(content, _values.ConfigMap)));

    internal void Learn(CounterValue value) => _known = value;

    internal async Task<CounterValue> ReadAsync(CancellationToken cancellationToken)
    {
        Learn(await _values.ReadAsync(cancellationToken).ConfigureAwait(false));
        return _known!;
    }

    private async Task<bool> TryMoveAsync(CounterValue known, long next, CancellationToken cancellationToken)
    {
        var value = Format(next);
        try
        {
            await _values.ChangeAsync(CheckpointKeys.Counter, known.Text, value, cancellationToken).ConfigureAwait(false);
        }
        catch (StateHandleChangedException)
        {
            return false;
        }

        Learn(new CounterValue(value, next));
        return true;
    }
}
