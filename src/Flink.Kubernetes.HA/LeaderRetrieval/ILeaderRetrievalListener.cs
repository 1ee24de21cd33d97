namespace Flink.Kubernetes.HA.LeaderRetrieval;

/// <summary>Hears who leads (Flink's <c>LeaderRetrievalListener</c>); never called twice at the same time.</summary>
public interface ILeaderRetrievalListener
{
    /// <summary>The leader has changed; <see langword="null"/> means that there is none.</summary>
    /// <remarks>An exception from here is logged and told to <see cref="OnErrorAsync"/>; the next change is told all the same.</remarks>
    ValueTask OnLeaderChangedAsync(LeaderInformation? leader, CancellationToken cancellationToken);

    /// <summary>Listening is impaired, such as by a missing permission. It goes on trying.</summary>
    ValueTask OnErrorAsync(Exception exception, CancellationToken cancellationToken);
}
