using Flink.Kubernetes.HA.Diagnostics;

namespace Flink.Kubernetes.HA.LeaderElection.Locking;

/// <summary>Remembers what keeps a process from leading or from renewing, for the health check and for the log.</summary>
/// <remarks>A problem is logged when it begins or changes, and again at a slow pace while it lasts: not at each attempt, and not once only.</remarks>
internal sealed class ElectionProblems(ElectionContext context)
{
    /// <summary>When the line of a problem that lasts is repeated.</summary>
    public static readonly TimeSpan RepeatAfter = TimeSpan.FromMinutes(5);

    private string? _kind;
    private long _loggedAt;
    private Problem? _current;
    private ElectionFailure? _last;

    /// <summary>The last failure, also when it is over.</summary>
    public ElectionFailure? Last => Volatile.Read(ref _last);

    /// <summary>The problem that lasts, and for how long it does.</summary>
    public LastingFailure? Current =>
        Volatile.Read(ref _current) is { } problem ? new LastingFailure(problem.Exception, context.TimeProvider.GetElapsedTime(problem.Since)) : null;

    /// <summary>Records that a contender cannot contend.</summary>
    public void CannotContend(string message, Exception? exception)
    {
        Record(exception ?? new InvalidOperationException(message));

        // Messages may differ in ports and times only, so the kind is compared.
        var kind = exception is KubernetesHaException { Failure: var failure, Verb: var verb, Reason: var reason, Denial: var denial }
            ? $"{failure} {verb} {reason} {denial}"
            : exception?.GetType().Name ?? message;
        if (_kind != kind || context.TimeProvider.GetElapsedTime(_loggedAt) >= RepeatAfter)
        {
            (_kind, _loggedAt) = (kind, context.TimeProvider.GetTimestamp());
            Log.CannotContend(context.Logger, context.Name, message, exception);
        }
    }

    /// <summary>Records a failure, as of a renewal.</summary>
    public void Record(Exception exception)
    {
        Volatile.Write(ref _last, new ElectionFailure(exception, context.TimeProvider.GetUtcNow()));
        Volatile.Write(ref _current, new Problem(exception, _current?.Since ?? context.TimeProvider.GetTimestamp()));
    }

    /// <summary>Records that the API server accepts the requests of this election again.</summary>
    public void Over()
    {
        _kind = null;
        Volatile.Write(ref _current, null);
    }

    private sealed record Problem(Exception Exception, long Since);
}
