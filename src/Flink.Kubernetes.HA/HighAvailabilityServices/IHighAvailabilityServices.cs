using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.LeaderRetrieval;

namespace Flink.Kubernetes.HA;

/// <summary>Everything that a control-plane process asks of high availability (Flink's <c>HighAvailabilityServices</c>).</summary>
public interface IHighAvailabilityServices : IAsyncDisposable
{
    /// <summary>The cluster whose components are led.</summary>
    string ClusterId { get; }

    /// <summary>The namespace that holds the ConfigMaps.</summary>
    string Namespace { get; }

    /// <summary>The identity of this process in the locks.</summary>
    string Identity { get; }

    /// <summary>Hands out the election of a component: the same one on every call, disposed with these services.</summary>
    /// <exception cref="ObjectDisposedException">The services were disposed.</exception>
    ILeaderElectionService GetLeaderElection(LeaderComponent component);

    /// <summary>Hands out the retrieval of a component's leader: the same one on every call, disposed with these services.</summary>
    /// <exception cref="ObjectDisposedException">The services were disposed.</exception>
    ILeaderRetrievalService GetLeaderRetrieval(LeaderComponent component);
}
