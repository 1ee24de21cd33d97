using Flink.Kubernetes.HA.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.ConfigMaps.Watching;

/// <summary>The health of one watch: counts failures, computes the delay between attempts, and reports a failure once and its end once.</summary>
/// <remarks>Used by the loop of the watch only.</remarks>
internal sealed class WatchHealth(object target, WatchSettings settings, TimeProvider timeProvider, ILogger logger, Action<Exception?> report)
{
    private const string Resource = "configmaps";

    private int _failuresInARow;
    private int _earlyEndsInARow;
    private long _reportedAt;
    private long _failingSince;

    /// <summary>The current failure; <see langword="null"/> once it is over.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>How long ago the failure began.</summary>
    public TimeSpan FailingFor => timeProvider.GetElapsedTime(Volatile.Read(ref _failingSince));

    /// <summary>Whether the next connection that stays open ends a failure.</summary>
    public bool IsInDoubt => _failuresInARow > 0 || _earlyEndsInARow > 0 || Failure is not null;

    /// <summary>Records that the watch works: an event has arrived, or the connection has been open long enough.</summary>
    public void Settled()
    {
        _failuresInARow = 0;
        _earlyEndsInARow = 0;
        Recovered();
    }

    /// <summary>Records that a list succeeded, which ends a failure unless the watch itself was refused. The delays are kept until the
    /// watch works as well.</summary>
    public void Listed()
    {
        if (Failure is not KubernetesHaException { Verb: "watch", Failure: not (KubernetesFailure.Unavailable or KubernetesFailure.Timeout) })
        {
            Recovered();
        }
    }

    /// <summary>Counts a connection that the server ended early or with 410, and returns the delay before the next: none after the first,
    /// because the server is reachable.</summary>
    public TimeSpan EndedEarly() => ++_earlyEndsInARow == 1 ? TimeSpan.Zero : settings.RetryDelay(_earlyEndsInARow - 1);

    /// <summary>Counts a failure, reports it if it is more than one broken connection, and returns the delay before the next attempt.</summary>
    public TimeSpan Failed(Exception exception)
    {
        _failuresInARow++;
        var failure = exception as KubernetesHaException;

        // One broken connection is normal when a server restarts and is not reported. A refusal is, and so is a second break in a row.
        // While it lasts it is reported again at a slow pace: a line of last month is no line.
        if ((_failuresInARow > 1 || failure is { Failure: not (KubernetesFailure.Unavailable or KubernetesFailure.Timeout) })
            && (!IsSame(exception, Failure) || timeProvider.GetElapsedTime(_reportedAt) >= settings.RepeatReportAfter))
        {
            Report(exception);
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
            Failure = null;
            report(null);
            Log.WatchRecovered(logger, Resource, target);
        }
    }

    private static bool IsSame(Exception exception, Exception? other) =>
        exception is KubernetesHaException failure ? failure.IsSameKind(other) : exception.GetType() == other?.GetType();

    private void Report(Exception exception)
    {
        _reportedAt = timeProvider.GetTimestamp();
        if (!IsSame(exception, Failure))
        {
            if (Failure is null)
            {
                Volatile.Write(ref _failingSince, timeProvider.GetTimestamp());
            }

            Failure = exception;
            report(exception);
        }

        if (exception is KubernetesHaException { Failure: KubernetesFailure.Forbidden, Denial: "rbac" } forbidden)
        {
            Log.WatchForbidden(logger, exception, forbidden.Verb ?? "list or watch", Resource, target);
        }
        else
        {
            Log.WatchImpaired(logger, exception, Resource, target);
        }
    }
}
