using Flink.Kubernetes.HA.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.KubeClient.Watching;

/// <summary>How one watch fares: counts what goes wrong, paces tries, and says once what is wrong and once that it is over.</summary>
/// <remarks>Used by the watch's loop only; <see cref="Failures"/> is read by anyone.</remarks>
internal sealed class WatchHealth(string resource, ObjectKey key, WatchSettings settings, ILogger logger)
{
    private int _failuresInARow;
    private int _earlyEndsInARow;

    /// <summary>What is wrong at the moment; <see langword="null"/> when it is over.</summary>
    public LatestValue<Exception?> Failures { get; } = new();

    public Exception? Failure => Failures.Latest.Value;

    /// <summary>Whether it matters to learn that the next connection stands.</summary>
    public bool IsInDoubt => _failuresInARow > 0 || _earlyEndsInARow > 0 || Failure is not null;

    /// <summary>The watch works: something has arrived, or the connection has stood long enough.</summary>
    public void Settled()
    {
        _failuresInARow = 0;
        _earlyEndsInARow = 0;
        Recovered();
    }

    /// <summary>A list was answered, which ends a failure, unless it is the watch that is refused. The pace stays: the watch has yet to show that it works.</summary>
    public void Listed()
    {
        if (Failure is not KubeClientException { Verb: "watch", Failure: not (KubeFailure.Unavailable or KubeFailure.Timeout) })
        {
            Recovered();
        }
    }

    /// <summary>Counts a connection that the server ended early or with 410, and returns the delay before the next: none after the first, for the server is there.</summary>
    public TimeSpan EndedEarly() => ++_earlyEndsInARow == 1 ? TimeSpan.Zero : settings.RetryDelay(_earlyEndsInARow - 1);

    /// <summary>Counts a failure, tells it if it is more than one broken connection, and returns the delay before the next try.</summary>
    public TimeSpan Failed(Exception exception)
    {
        _failuresInARow++;
        var failure = exception as KubeClientException;

        // Connections break when a server restarts; that alone impairs nothing. A refusal does, and so does the second break in a row.
        if ((_failuresInARow > 1 || failure is { Failure: not (KubeFailure.Unavailable or KubeFailure.Timeout) }) && !IsSame(exception, Failure))
        {
            Tell(exception);
        }

        var delay = settings.RetryDelay(_failuresInARow);
        var asked = failure?.RetryAfter ?? TimeSpan.Zero;
        asked = asked < settings.LongestRetryAfter ? asked : settings.LongestRetryAfter;
        return asked > delay ? asked : delay;
    }

    private void Recovered()
    {
        if (Failure is not null)
        {
            Failures.Publish(null);
            Log.WatchRecovered(logger, resource, key);
        }
    }

    /// <summary>Messages may differ in ports and times; these make a failure another one.</summary>
    private static bool IsSame(Exception exception, Exception? other) =>
        other is not null && exception.GetType() == other.GetType() && Kind(exception) == Kind(other);

    private static (KubeFailure? Failure, string? Verb, string? Reason) Kind(Exception exception) =>
        exception is KubeClientException { Failure: var failure, Verb: var verb, Reason: var reason } ? (failure, verb, reason) : default;

    private void Tell(Exception exception)
    {
        Failures.Publish(exception);
        if (exception is KubeClientException { Failure: KubeFailure.Forbidden } forbidden)
        {
            Log.WatchForbidden(logger, exception, forbidden.Verb ?? "list or watch", resource, key);
        }
        else
        {
            Log.WatchImpaired(logger, exception, resource, key);
        }
    }
}
