using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.LeaderElection;

namespace Flink.Kubernetes.HA.StateHandles.Writing;

/// <summary>How long one request may take: no longer than the term lasts, and no longer than the lock can go without renewal.</summary>
internal sealed class RequestLimit : IDisposable
{
    private readonly CancellationTokenSource _timeout;
    private readonly CancellationTokenSource _linked;

    private RequestLimit(LeadershipTerm term, CancellationToken lost, CancellationToken cancellationToken)
    {
        _timeout = new CancellationTokenSource(term.Context.Options.RenewDeadline, term.Context.TimeProvider);
        _linked = CancellationTokenSource.CreateLinkedTokenSource(_timeout.Token, lost, cancellationToken);
    }

    public CancellationToken Token => _linked.Token;

    public static RequestLimit Of(LeadershipTerm term, CancellationToken cancellationToken) => new(term, term.Lost, cancellationToken);

    /// <summary>For what is worth reading also when the term is lost.</summary>
    public static RequestLimit BeyondTheTerm(LeadershipTerm term, CancellationToken cancellationToken) => new(term, CancellationToken.None, cancellationToken);

    public static bool IsTransient(Exception exception) => exception
        is KubeClientException { Failure: KubeFailure.Unavailable or KubeFailure.Timeout or KubeFailure.TooManyRequests }
        or TimeoutException
        or OperationCanceledException;

    public void Dispose()
    {
        _linked.Dispose();
        _timeout.Dispose();
    }
}
