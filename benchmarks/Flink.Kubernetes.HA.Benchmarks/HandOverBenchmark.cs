using Flink.Kubernetes.HA.LeaderElection;

namespace Flink.Kubernetes.HA.Benchmarks;

/// <summary>From a leader's beginning to give up its term until a standby holds the next one; each with a connection of its own.</summary>
internal static class HandOverBenchmark
{
    public static async Task RunAsync(string kubeConfig, int rounds)
    {
        Samples.PrintHeader();
        foreach (var standbys in (int[])[1, 3, 10])
        {
            await using var cluster = new Cluster(kubeConfig);
            var samples = await MeasureAsync(cluster, standbys, rounds);
            samples.Print($"release -> new term, {standbys} standby{(standbys > 1 ? "s" : string.Empty)}");
        }
    }

    private static async Task<Samples> MeasureAsync(Cluster cluster, int standbys, int rounds)
    {
        var samples = new Samples();
        using var stop = new CancellationTokenSource();
        var next = NewTerm();
        var processes = Enumerable.Range(0, standbys + 1).Select(i => cluster.CreateProcess($"p{i}")).ToList();
        var contending = processes.Select(p => Task.Run(() => ContendAsync(p))).ToList();
        await next.Task;
        for (var round = 0; round < rounds; round++)
        {
            // The standbys see the lock held; the one that led before rests for a retry period.
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
            var term = await next.Task;
            next = NewTerm();
            var before = TimeProvider.System.GetTimestamp();
            var release = term.DisposeAsync();
            await next.Task;
            samples.Add(TimeProvider.System.GetElapsedTime(before));
            await release;
        }

        await stop.CancelAsync();
        await Task.WhenAll(contending);
        foreach (var process in processes)
        {
            await process.DisposeAsync();
        }

        return samples;

        async Task ContendAsync(KubernetesHaServices process)
        {
            try
            {
                await foreach (var term in process.GetLeaderElection(Cluster.Component).ContendAsync("http://bench", stop.Token))
                {
                    next.TrySetResult(term);
                    await Task.Delay(Timeout.Infinite, term.Stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                }
            }
            catch (OperationCanceledException)
            {
            }
        }
    }

    private static TaskCompletionSource<LeadershipTerm> NewTerm() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
