namespace Flink.Kubernetes.HA.Benchmarks;

/// <summary>What all scenarios of one run share.</summary>
internal sealed record Run(string KubeConfig, bool IsQuick, IReadOnlyList<Client> Clients, Report Report, string HeartbeatMode, int[] Components)
{
    public Client Ours => Clients.Single(client => client.IsOurs);

    /// <summary>Does it for all clients at the same time, so that all meet the same machine.</summary>
    public async Task<List<Group>> StartAsync(Times times, int standbys, int groups, bool hasProxy = false, IEnumerable<Client>? clients = null)
    {
        var all = Enumerable.Range(0, groups).SelectMany(_ => clients ?? Clients).Select(client => new Group(this, client, times, standbys, hasProxy)).ToList();
        await Task.WhenAll(all.Select(group => group.SettleAsync()));
        return all;
    }

    public static async Task EndAsync(IEnumerable<Group> groups)
    {
        foreach (var group in groups)
        {
            await group.DisposeAsync();
        }
    }
}
