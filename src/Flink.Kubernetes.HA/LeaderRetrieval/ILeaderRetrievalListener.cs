namespace Flink.Kubernetes.HA.LeaderRetrieval;

/// <summary>Receives the changes of a component's leader, one call at a time (Flink's <c>LeaderRetrievalListener</c>).</summary>
public interface ILeaderRetrievalListener
{
    /// <summary>Called when the leader has changed; <see langword="null"/> means that there is none.</summary>
    /// <remarks>An exception is logged and reported to <see cref="OnErrorAsync"/>; the listener is still notified of the next change.</remarks>
    ValueTask OnLeaderChangedAsync(LeaderInformation? leader, CancellationToken cancellationToken);

    /// <summary>Called when the retrieval is impaired, for example by a missing permission. The retrieval keeps retrying.</summary>
    ValueTask OnErrorAsync(Exception exception, CancellationToken cancellationToken);
}
