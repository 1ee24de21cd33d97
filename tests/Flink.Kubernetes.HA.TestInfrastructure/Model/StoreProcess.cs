namespace Flink.Kubernetes.HA.TestInfrastructure.Model;

/// <summary>One of the processes that contend, with faults between it and the rest.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Network">Its way to the API server.</param>
/// <param name="Storage">Its way to the data.</param>
/// <param name="CurrentTerm">Its latest term.</param>
internal sealed record StoreProcess(string Name, FaultInjectingHandler Network, FaultInjectingStateStorage Storage, Func<LeadershipTerm?> CurrentTerm)
{
    private StoreLeader? _leader;

    public LeadershipTerm? Leads => CurrentTerm() is { IsLeading: true } term ? term : null;

    /// <summary>Opens the store of the latest term, once.</summary>
    /// <exception cref="LeadershipLostException">It is over already.</exception>
    public async Task<StoreLeader> OpenAsync(LeadershipTerm term)
    {
        if (_leader?.Term != term)
        {
            _leader = new StoreLeader(this, term, await StateHandleStore.OpenAsync(term, Storage, StoreWorld.Prefix, TestContext.Current.CancellationToken));
        }

        return _leader;
    }
}

/// <summary>A process in its term.</summary>
internal sealed record StoreLeader(StoreProcess Process, LeadershipTerm Term, StateHandleStore Store)
{
    public long Token => Term.FencingToken;
}
