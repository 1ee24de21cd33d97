using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.StateHandles;
using Flink.Kubernetes.HA.Storage;
using Flink.Kubernetes.HA.Testing;
using Flink.Kubernetes.HA.Tests.LeaderElection;

namespace Flink.Kubernetes.HA.Tests.StateHandles.Model;

/// <summary>All in memory and in simulated time.</summary>
internal sealed class SimulatedStoreWorld : StoreWorld
{
    private readonly ElectionCluster _election = new();
    private readonly InMemoryStateStorage _data;

    public SimulatedStoreWorld()
    {
        _data = new InMemoryStateStorage(_election.Time);
        Reader = new StateHandleReader(_election.Admin, _data, ElectionCluster.Key, StoreCluster.Prefix);
        Processes = [.. new[] { "a", "b" }.Select(Start)];
    }

    public override IReadOnlyList<StoreProcess> Processes { get; }

    public override StateHandleReader Reader { get; }

    public override IStateStorage Data => _data;

    public override string Logs => string.Join('\n', _election.Replicas.Select(replica => $"--- {replica.Name} {replica.Failure}\n{replica.Logs.Text}"));

    protected override IKubeClient Admin => _election.Admin;

    public override Task UntilAsync(Func<bool> condition, string what) => _election.UntilAsync(condition, TimeSpan.FromMinutes(5), what);

    public override Task LapseAsync() => _election.AdvanceAsync(TimeSpan.FromSeconds(30));

    public override async ValueTask DisposeAsync()
    {
        await _election.DisposeAsync();
        foreach (var process in Processes)
        {
            process.Storage.Dispose();
        }
    }

    protected override void Forgive() => _election.Forget();

    private StoreProcess Start(string name)
    {
        var replica = _election.Start(name);
        return new StoreProcess(name, replica.Client, new FaultInjectingStateStorage(_data, _election.Time), () => replica.Term);
    }
}
