namespace Flink.Kubernetes.HA;

/// <summary>How long to wait after a turn as leader before contending again.</summary>
internal sealed class RestartDelay
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    private readonly TimeSpan _shortest;
    private TimeSpan _next;

    public RestartDelay(TimeSpan retryPeriod) => _next = _shortest = retryPeriod;

    /// <summary>A leader that gave up gives the others a moment; one that lost the lock has nothing to give.</summary>
    public TimeSpan AfterSuccess(bool wasLost)
    {
        _next = _shortest;
        return wasLost ? TimeSpan.Zero : _shortest;
    }

    /// <summary>Doubles from the retry period up to 30 s, and begins anew when the work had run longer than that.</summary>
    public TimeSpan AfterFailure(TimeSpan ran)
    {
        if (ran > Longest)
        {
            _next = _shortest;
        }

        var delay = _next;
        _next = delay * 2 < Longest ? delay * 2 : delay > Longest ? delay : Longest;
        return delay;
    }
}
