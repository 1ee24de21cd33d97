using System.Globalization;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.StateHandles.Writing;
using Flink.Kubernetes.HA.StateHandles;

namespace Flink.Kubernetes.HA.Checkpoints;

/// <summary>Returns the IDs of a job's checkpoints, from 1 on, and no ID twice, whatever fails and whoever is the leader (Flink's
/// <c>CheckpointIDCounter</c>).</summary>
/// <remarks>
/// The counter is the value <c>counter</c> of the job's ConfigMap. An ID is returned once it is certain that the API server has incremented the
/// counter; otherwise it is skipped, so IDs may be missing. All members are thread-safe.
/// If someone else deletes the ConfigMap the counter is lost with it. The counter of a <see cref="CompletedCheckpointStore{T}"/> does not restart
/// from 1 then, because opening that store detects the deletion.
/// </remarks>
public sealed class CheckpointIdCounter
{
    private readonly TermValues _values;
    private volatile CounterValue? _known;

    internal CheckpointIdCounter(TermValues values) => _values = values;

    /// <summary>The value of the answer that this counter heard last; of two answers at once that may be the older one.</summary>
    internal CounterValue? Known => _known;

    /// <summary>Returns the ID that is returned next.</summary>
    /// <exception cref="ConfigMapMissingException">The job's ConfigMap does not exist.</exception>
    /// <exception cref="StateHandleException">The counter is not a number.</exception>
    /// <exception cref="LeadershipLostException">Leadership was lost.</exception>
    public async Task<long> GetAsync(CancellationToken cancellationToken = default) =>
        (await ReadAsync(cancellationToken).ConfigureAwait(false)).Next;

    /// <summary>Returns the next ID and increments the counter.</summary>
    /// <exception cref="LeadershipLostException">Leadership was lost; no ID was consumed.</exception>
    /// <exception cref="StateOutcomeUnknownException">Leadership was lost before the API server answered. No ID was returned; it may or
    /// may not have been consumed.</exception>
    /// <exception cref="ConfigMapMissingException">The job's ConfigMap does not exist.</exception>
    /// <exception cref="StateHandleException">The counter is not a number.</exception>
    /// <exception cref="OverflowException">All IDs are used up.</exception>
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

    /// <summary>Sets the next ID, for example after a restore from elsewhere.</summary>
    /// <param name="next">The next ID; not less than the current one, because no ID is returned twice.</param>
    /// <param name="cancellationToken">A token to cancel the wait; the counter may still be set.</param>
    /// <exception cref="ArgumentOutOfRangeException">The ID was already used; nothing was written.</exception>
    /// <exception cref="LeadershipLostException">Leadership was lost before the write took effect; nothing was written.</exception>
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
                throw new ArgumentOutOfRangeException(nameof(next), next, $"The counter is at {known.Next}: IDs below it were already used, and "
                    + "no ID is used twice.");
            }
        }
        while (!await TryMoveAsync(known, next, cancellationToken).ConfigureAwait(false));
    }

    internal static string Format(long next) => next.ToString(CultureInfo.InvariantCulture);

    internal void Learn(ConfigMapContent content) =>
        Learn(new CounterValue(content.Data.GetValueOrDefault(CheckpointKeys.Counter), CheckpointKeys.NextOf(content, _values.ConfigMap)));

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
        catch (StateHandleException exception) when (exception.Failure == StateHandleFailure.Changed)
        {
            return false;
        }

        Learn(new CounterValue(value, next));
        return true;
    }
}

/// <summary>The stored counter.</summary>
/// <param name="Text">The text in the ConfigMap, or <see langword="null"/> if there is none.</param>
/// <param name="Next">The next ID.</param>
internal sealed record CounterValue(string? Text, long Next);
