namespace Flink.Kubernetes.HA.TestInfrastructure.Model;

/// <summary>One of the processes that contend, with faults between it and the rest.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Network">Its way to the API server.</param>
/// <param name="Storage">Its way to the data.</param>
/// <param name="CurrentTerm">Its latest term.</param>
internal sealed record StoreProcess(string Name, FaultInjectingHandler Network, FaultInjectingStateStorage Storage, Func<LeadershipTerm?> CurrentTerm)
{
    public StoreLeader? Leads => CurrentTerm() is { IsLeading: true } term ? new StoreLeader(this, term) : null;
}

/// <summary>A process in its term.</summary>
internal sealed record StoreLeader(StoreProcess Process, LeadershipTerm Term)
{
    public long Token => Term.FencingToken;

    public StateHandleStore Store { get; } = StateHandleStore.Open(Term, Process.Storage, StoreWorld.Prefix);
}
