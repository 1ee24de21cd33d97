using Flink.Kubernetes.HA.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.LeaderElection.Locking;

/// <summary>The renewals of a term that have failed since the last that succeeded.</summary>
internal sealed class RenewalFailures(ElectionContext context)
{
    /// <summary>The last failure, or <see langword="null"/> if the last renewal succeeded.</summary>
    public Exception? Last { get; private set; }

    /// <summary>Records a failure; returns <see langword="false"/>: the lock is not renewed.</summary>
    public bool Add(Exception? error, TimeSpan sinceRenewal)
    {
        // An outage is a warning once: with many components a warning for each attempt would flood the log.
        var level = Last is null ? LogLevel.Warning : LogLevel.Debug;
        Last = error ?? Last;
        if (error is not null)
        {
            context.Problems.Record(error);
        }

        Log.RenewalFailed(context.Logger, level, context.Name, (context.Options.RenewDeadline - sinceRenewal).TotalSeconds, error);
        context.Metrics.RenewalFailed(context.MetricTag);
        return false;
    }

    public void Over()
    {
        if (Last is not null)
        {
            Last = null;
            Log.RenewedAgain(context.Logger, context.Name);
        }

        context.Problems.Over();
    }

    /// <summary>The delay before the next attempt: a server that asks for a pause gets it, but not so long that no attempt is left.</summary>
    public TimeSpan Delay(TimeSpan sinceRenewal)
    {
        var delay = context.RetryDelay();
        var asked = (Last as KubernetesHaException)?.RetryAfter ?? TimeSpan.Zero;
        var latest = context.Options.RenewDeadline - sinceRenewal - context.Options.RequestTimeout;
        asked = asked < latest ? asked : latest;
        return asked > delay ? asked : delay;
    }
}
