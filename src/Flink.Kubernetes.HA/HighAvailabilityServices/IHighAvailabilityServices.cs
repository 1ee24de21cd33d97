using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.LeaderRetrieval;
using Flink.Kubernetes.HA.Storage;

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

    /// <summary>Reaches the API server; it belongs to these services.</summary>
    /// <exception cref="NotSupportedException">These services have none.</exception>
    IKubeClient Client => throw new NotSupportedException($"{GetType().Name} has no client: implement IHighAvailabilityServices.Client.");

    /// <summary>Holds the data of all stores; the pointers to it are in ConfigMaps.</summary>
    /// <exception cref="InvalidOperationException">No storage was given.</exception>
    /// <exception cref="NotSupportedException">These services have none.</exception>
    IStateStorage Storage => throw new NotSupportedException($"{GetType().Name} has no storage: implement IHighAvailabilityServices.Storage.");

    /// <summary>The clock of every wait.</summary>
    TimeProvider TimeProvider => TimeProvider.System;
}
