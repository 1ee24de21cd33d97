namespace Flink.Kubernetes.HA.Benchmarks;

/// <summary>From a signal to the leading process until the standby's process leads: ours and peers, the same times, the same harness.</summary>
internal static class FailoverBenchmark
{
    public static async Task RunAsync(string kubeConfig, string signal, int pairs, int rounds, string[] peers)
    {
        Samples.PrintHeader();
        foreach (var peer in (string?[])[null, .. peers])
        {
            var samples = new Samples();
            for (var round = 0; round < rounds; round++)
            {
                await using var cluster = new Cluster(kubeConfig);
                await Task.WhenAll(Enumerable.Range(0, pairs).Select(pair => MeasureAsync(kubeConfig, cluster, signal, pair, peer, samples)));
            }

            samples.Print($"SIG{signal} -> standby leads, {(peer is null ? "this library" : Path.GetFileName(peer))}, 15 s / 10 s / 2 s");
        }
    }

    private static async Task MeasureAsync(string kubeConfig, Cluster cluster, string signal, int pair, string? peer, Samples samples)
    {
        using var leader = Contender.Start(kubeConfig, cluster, pair, "a", peer);
        await leader.Started;
        using var standby = Contender.Start(kubeConfig, cluster, pair, "b", peer);

        await standby.Ready;

        // The standby has seen the lock, and the moment is any of a retry period.
        await Task.Delay(TimeSpan.FromSeconds(5 + (Random.Shared.NextDouble() * 2)), TimeProvider.System);
        var before = TimeProvider.System.GetTimestamp();
        leader.Signal(signal);
        await standby.Started;
        samples.Add(TimeProvider.System.GetElapsedTime(before));
    }
}
