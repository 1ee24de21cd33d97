using Flink.Kubernetes.HA.LeaderElection;

namespace Flink.Kubernetes.HA.Benchmarks.Scenarios;

/// <summary>From a leader's beginning to give up its term until a standby holds the next one, all in one process: without the start and the end of
/// processes. Each contender has a connection of its own.</summary>
internal static class Release
{
    public static async Task RunAsync(Run run, int rounds)
    {
        var rows = new List<string[]>();
        foreach (var standbys in (int[])[1, 3, 10])
        {
            var floor = await Floor.HandOverAsync(run.KubeConfig, standbys, rounds);
            await using var cluster = new Cluster(run.KubeConfig);
            var samples = await MeasureAsync(cluster, standbys, rounds);
            rows.Add([$"{standbys}", .. samples.Cells(), Samples.Text(floor.P50), Samples.Text(floor.P99), Samples.Ratio(samples.P50, floor.P50), Samples.Ratio(samples.P99, floor.P99)]);
            run.Report.Add($"{standbys}", "ours", "took", samples);
            run.Report.Add($"{standbys}", "floor", "took", floor);
        }

        run.Report.Table(["standbys", "n", "p50", "mean", "p99", "max", "floor p50", "floor p99", "÷ floor, p50", "÷ floor, p99"], rows);
    }

    private static async Task<Samples> MeasureAsync(Cluster cluster, int standbys, int rounds)
    {
        var samples = new Samples();
        using var stop = new CancellationTokenSource();
        var next = NewTerm();
        var processes = Enumerable.Range(0, standbys + 1).Select(i => cluster.CreateProcess($"p{i}")).ToList();
        var contending = processes.Select(process => Task.Run(() => ContendAsync(process))).ToList();
        await next.Task;
        for (var round = -20; round < rounds; round++)
        {
            // The standbys see the lock held; the one that led before rests for a retry period.
            await Clock.PassAsync(0.05);
            var term = await next.Task;
            next = NewTerm();
            var begin = Clock.Now;
            var release = term.DisposeAsync();
            await next.Task;
            if (round >= 0)
            {
                samples.Add(Clock.Now - begin);
            }

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
