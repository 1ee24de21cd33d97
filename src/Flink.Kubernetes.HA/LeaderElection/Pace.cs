namespace Flink.Kubernetes.HA.LeaderElection;

/// <summary>Lets something happen at once, but no more than so many times in a period.</summary>
internal sealed class Pace(int times, TimeSpan period, TimeProvider timeProvider)
{
    private readonly Queue<long> _latest = new();

    /// <summary>Counts one time; waits when it was the last one that the period allows.</summary>
    public async Task KeepAsync(CancellationToken cancellationToken)
    {
        _latest.Enqueue(timeProvider.GetTimestamp());
        if (_latest.Count < times)
        {
            return;
        }

        var left = period - timeProvider.GetElapsedTime(_latest.Dequeue());
        if (left > TimeSpan.Zero)
        {
            await Task.Delay(left, timeProvider, cancellationToken).ConfigureAwait(false);
        }
    }
}
