using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.StateHandles;
using Flink.Kubernetes.HA.Testing;

namespace Flink.Kubernetes.HA.Tests.StateHandles.Model;

/// <summary>One of the processes that contend, with faults between it and the rest.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Client">Its way to the API server.</param>
/// <param name="Storage">Its way to the data.</param>
/// <param name="CurrentTerm">Its latest term.</param>
internal sealed record StoreProcess(string Name, FaultInjectingKubeClient Client, FaultInjectingStateStorage Storage, Func<LeadershipTerm?> CurrentTerm)
{
    public StoreLeader? Leads => CurrentTerm() is { IsLeading: true } term ? new StoreLeader(this, term) : null;
}

/// <summary>A process in its term.</summary>
internal sealed record StoreLeader(StoreProcess Process, LeadershipTerm Term)
{
    public long Token => Term.FencingToken;

    public StateHandleStore Store { get; } = StateHandleStore.Open(Term, Process.Storage, StoreCluster.Prefix);
}
