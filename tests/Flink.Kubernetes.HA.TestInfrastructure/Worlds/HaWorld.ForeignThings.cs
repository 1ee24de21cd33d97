namespace Flink.Kubernetes.HA.TestInfrastructure.Worlds;

/// <content>What does not belong to the cluster but looks as if it nearly did: no clean-up may touch it.</content>
internal sealed partial class HaWorld
{
    private const string RandomPart = "0123456789abcdef0123456789abcdef";

    private static readonly string[] ForeignKeys =
    [
        $"default/orders2/dispatcher/jobGraph-{JobId}-{RandomPart}",
        $"default/orders2/blobs/{JobId}/{new string('a', 64)}",
        $"elsewhere/orders/{JobId}-jobmanager/checkpointID-0000000000000000001-{RandomPart}",
    ];

    private readonly List<ConfigMap> _foreign = [];

    /// <summary>The keys of all data but the foreign.</summary>
    public IEnumerable<string> OwnDataKeys => DataKeys.Except(ForeignKeys);

    public async Task AddForeignThingsAsync()
    {
        _foreign.Add(await CreateAsync(key: new ObjectKey(Namespace, "orders-settings")));
        _foreign.Add(await CreateAsync(key: new ObjectKey(Namespace, "orders2-dispatcher-leader"), labels: HaNames.Labels("orders2")));
        foreach (var key in ForeignKeys)
        {
            await Data.WriteAsync(new StateKey(key), [1], Token);
        }
    }

    public async Task AssertForeignThingsAreThereAsync(string because)
    {
        foreach (var foreign in _foreign)
        {
            ((await FindAsync(foreign.Key))?.Uid).Should().Be(foreign.Uid, "{0} does not belong to the cluster ({1})", foreign.Key, because);
        }

        DataKeys.Should().Contain(ForeignKeys, "they do not belong to the cluster ({0})", because);
    }
}
