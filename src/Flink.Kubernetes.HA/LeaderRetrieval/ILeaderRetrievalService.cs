namespace Flink.Kubernetes.HA.LeaderRetrieval;

/// <summary>Tells who leads a component (Flink's <c>LeaderRetrievalService</c>), by watch: it never polls.</summary>
public interface ILeaderRetrievalService : IAsyncDisposable
{
    /// <summary>The component whose leader is told.</summary>
    LeaderComponent Component { get; }

    /// <summary>The leader as last heard of, or <see langword="null"/> when there is none or nothing was heard yet.</summary>
    LeaderInformation? Current { get; }

    /// <summary>Yields the current leader at once when it is known, and then every change; <see langword="null"/> means no leader.</summary>
    /// <remarks>The latest state is always yielded, not every state between: a slow reader skips, and never sees an older one again.</remarks>
    /// <exception cref="OperationCanceledException">The token fired.</exception>
    /// <exception cref="ObjectDisposedException">The service was disposed.</exception>
    IAsyncEnumerable<LeaderInformation?> WatchAsync(CancellationToken cancellationToken = default);

    /// <summary>Calls the listener as <see cref="WatchAsync"/> yields, one call at a time, until the returned registration is disposed.</summary>
    /// <remarks>After the registration's disposal has completed the listener is not called any more. Disposing from within a call does not wait for that call.</remarks>
    /// <exception cref="ObjectDisposedException">The service was disposed.</exception>
    IAsyncDisposable AddListener(ILeaderRetrievalListener listener);
}
