using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.LeaderElection.Locking;

namespace Flink.Kubernetes.HA.StateHandles.Writing;

/// <summary>The pauses between the attempts of one operation in a term: each twice as long as the one before, up to a limit.</summary>
internal sealed class TermRetry(LeadershipTerm term, TimeSpan first, TimeSpan longest)
{
    private TimeSpan _next = first;

    /// <summary>The next pause, before it is spread.</summary>
    public TimeSpan Next => _next;

    /// <summary>For requests to the API server: short enough for the end of an outage to be noticed within the renew deadline.</summary>
    public static TermRetry OfRequests(LeadershipTerm term) => new(term, term.Options.RetryPeriod / 4, term.Options.RetryPeriod);

    /// <summary>Waits until the next attempt.</summary>
    /// <exception cref="LeadershipLostException">Leadership was lost.</exception>
    public async Task PauseAsync(CancellationToken cancellationToken)
    {
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(term.Lost, cancellationToken);
        await Task.Delay(ElectionContext.Jittered(_next), term.TimeProvider, linked.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        term.ThrowIfLost();
        _next = _next * 2 < longest ? _next * 2 : longest;
    }
}
