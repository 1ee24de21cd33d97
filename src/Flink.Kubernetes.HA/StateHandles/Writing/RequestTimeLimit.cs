using Flink.Kubernetes.HA.ConfigMaps;
using Flink.Kubernetes.HA.LeaderElection;

namespace Flink.Kubernetes.HA.StateHandles.Writing;

/// <summary>The time limit of one request: the end of the term, and at most the renew deadline.</summary>
internal sealed class RequestTimeLimit : IDisposable
{
    private readonly CancellationTokenSource _timeout;
    private readonly CancellationTokenSource _linked;

    private RequestTimeLimit(LeadershipTerm term, CancellationToken lost, CancellationToken cancellationToken)
    {
        _timeout = new CancellationTokenSource(term.Options.RenewDeadline, term.TimeProvider);
        _linked = CancellationTokenSource.CreateLinkedTokenSource(_timeout.Token, lost, cancellationToken);
    }

    public CancellationToken Token => _linked.Token;

    public static RequestTimeLimit Of(LeadershipTerm term, CancellationToken cancellationToken) => new(term, term.Lost, cancellationToken);

    /// <summary>A limit that ignores the end of the term, for reads that are useful after it.</summary>
    public static RequestTimeLimit BeyondTheTerm(LeadershipTerm term, CancellationToken cancellationToken) =>
        new(term, CancellationToken.None, cancellationToken);

    public static bool IsTransient(Exception exception) => exception
        is KubernetesHaException { Failure: KubernetesFailure.Unavailable or KubernetesFailure.Timeout or KubernetesFailure.TooManyRequests }
        or TimeoutException
        or OperationCanceledException;

    public void Dispose()
    {
        _linked.Dispose();
        _timeout.Dispose();
    }
}
