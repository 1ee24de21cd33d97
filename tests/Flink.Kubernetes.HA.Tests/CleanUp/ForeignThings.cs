using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.Storage;
using Flink.Kubernetes.HA.Tests.Jobs;
using Flink.Kubernetes.HA.Tests.LeaderElection;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.Tests.CleanUp;

/// <summary>What is not of the cluster but looks nearly as if it were: no clean-up may touch it.</summary>
internal sealed class ForeignThings
{
    private const string Random = "0123456789abcdef0123456789abcdef";

    private readonly List<(ObjectKey Key, string? Uid)> _configMaps = [];

    public static IReadOnlyList<string> Keys { get; } =
    [
        $"default/orders2/dispatcher/jobGraph-{StoreWorld.JobId}-{Random}",
        $"default/orders2/blobs/{StoreWorld.JobId}/{new string('a', 64)}",
        $"elsewhere/orders/{StoreWorld.JobId}-jobmanager/checkpointID-0000000000000000001-{Random}",
    ];

    public static async Task<ForeignThings> CreateAsync(StoreWorld world)
    {
        var things = new ForeignThings();
        var plain = new ObjectMeta { Name = "orders-settings", Namespace = ElectionCluster.Namespace };
        var nearly = new ObjectMeta { Name = "orders2-dispatcher-leader", Namespace = ElectionCluster.Namespace, Labels = HaNames.Labels("orders2") };
        foreach (var metadata in (ObjectMeta[])[plain, nearly])
        {
            var created = await world.Election.Admin.CreateAsync(KubeResources.ConfigMaps, new ConfigMap { Metadata = metadata }, StoreWorld.Token);
            things._configMaps.Add((created.Key, created.Metadata.Uid));
        }

        foreach (var key in Keys)
        {
            await world.Data.WriteAsync(new StateKey(key), [1], StoreWorld.Token);
        }

        return things;
    }

    public async Task AssertAllIsThereAsync(StoreWorld world, string what)
    {
        foreach (var (key, uid) in _configMaps)
        {
            Assert.True((await world.FindAsync(key))?.Metadata.Uid == uid, $"{what}: {key} is gone or another.");
        }

        Assert.True(!Keys.Except(world.Keys).Any(), $"{what}: {string.Join(", ", Keys.Except(world.Keys))} are gone.");
    }
}
