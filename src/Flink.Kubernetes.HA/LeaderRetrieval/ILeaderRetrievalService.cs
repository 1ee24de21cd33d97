namespace Flink.Kubernetes.HA.LeaderRetrieval;

/// <summary>Retrieves the leader of a component by watch, without polling (Flink's <c>LeaderRetrievalService</c>).</summary>
public interface ILeaderRetrievalService : IAsyncDisposable
{
    /// <summary>The component whose leader is retrieved.</summary>
    LeaderComponent Component { get; }

    /// <summary>The leader as last observed; <see langword="null"/> if there is none, if nothing was observed yet, or while there is neither a
    /// reader nor a listener.</summary>
    LeaderInformation? Current { get; }

    /// <summary>Yields the current leader as soon as it is known, and then every change; <see langword="null"/> means that there is no
    /// leader.</summary>
    /// <remarks>
    /// <para>Always yields the latest state: a slow reader skips intermediate states, and never sees an older one again.</para>
    /// <para>A leader that is silent for its lease is yielded again with <see cref="LeaderLiveness.Suspected"/>. While the API server cannot be
    /// reached, silence proves nothing, and nothing changes.</para>
    /// <para>The watch is opened with the first reader or listener and closed with the last.</para>
    /// </remarks>
    /// <exception cref="OperationCanceledException">The token was canceled.</exception>
    /// <exception cref="ObjectDisposedException">The service was disposed.</exception>
    IAsyncEnumerable<LeaderInformation?> WatchAsync(CancellationToken cancellationToken = default);

    /// <summary>Calls the listener with what <see cref="WatchAsync"/> yields, one call at a time, until the returned registration is
    /// disposed.</summary>
    /// <remarks>The listener is not called after the disposal of the registration has completed. Disposing from within a call does not
    /// wait for that call.</remarks>
    /// <exception cref="ObjectDisposedException">The service was disposed.</exception>
    IAsyncDisposable AddListener(ILeaderRetrievalListener listener);
}
