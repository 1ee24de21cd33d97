using System.Text.Json.Nodes;
using Flink.Kubernetes.HA.LeaderRetrieval;

namespace Flink.Kubernetes.HA.Benchmarks.Scenarios;

/// <summary>From a leader's beginning to publish an address until listeners are called with it, each with a connection of its own.</summary>
internal static class Notification
{
    public static async Task RunAsync(Run run, int rounds)
    {
        var rows = new List<string[]>();
        var bars = new List<(string, Samples)>();
        foreach (var kilobytes in (int[])[1, 900])
        {
            foreach (var followers in run.IsQuick ? (int[])[1, 20] : [1, 50, 500])
            {
                var (written, floor, first, last) = await MeasureAsync(run, kilobytes, followers, followers > 100 ? Math.Max(1, rounds / 4) : rounds);
                rows.Add(
                [
                    $"{followers}", $"{kilobytes} KB", $"{last.Count}", Samples.Text(written.P50), Samples.Text(floor.P50), Samples.Text(floor.P99), Samples.Text(first.P50), Samples.Text(last.P50), Samples.Text(last.P99),
                    Samples.Ratio(last.P50, floor.P50),
                ]);
                bars.Add(($"this library, {followers} followers, {kilobytes} KB", last));
                run.Report.Add($"{followers}-{kilobytes}KB", "ours", "last", last);
                run.Report.Add($"{followers}-{kilobytes}KB", "floor", "event", floor);
            }
        }

        run.Report.Text("The floor is a raw watch of the same object's metadata beside the followers. The peers have no notification: their candidates poll.");
        run.Report.Table(["followers", "ConfigMap", "n", "the write, p50", "floor p50", "floor p99", "first follower p50", "last follower p50", "last p99", "last ÷ floor, p50"], rows);
        run.Report.Chart("notification", "Address published until the last follower is notified", bars);
    }

    private static async Task<(Samples Written, Samples Floor, Samples First, Samples Last)> MeasureAsync(Run run, int kilobytes, int count, int rounds)
    {
        await using var cluster = new Cluster(run.KubeConfig);
        await using var leader = cluster.CreateProcess("leader");
        await using var terms = leader.GetLeaderElection(Cluster.Component).ContendAsync("http://bench/first").GetAsyncEnumerator();
        await terms.MoveNextAsync();
        var name = $"{cluster.Id}-{Cluster.Component}-leader";
        using var api = new RawApi(run.KubeConfig);
        var filling = new JsonObject { ["data"] = new JsonObject { ["filling"] = new string('x', (kilobytes * 1024) - 700) } };
        await api.CallAsync(HttpMethod.Patch, $"{RawApi.ConfigMaps}/{name}", filling, "application/merge-patch+json");

        using var stop = new CancellationTokenSource();
        var raw = new Listener();
        var watching = Task.Run(async () =>
        {
            await foreach (var (at, state) in api.WatchAsync(RawApi.ConfigMaps, name, metadataOnly: true, stop.Token))
            {
                raw.Hears(JsonNode.Parse(state["metadata"]!["annotations"]!["flink-kubernetes-ha/term"]!.GetValue<string>())!["address"]!.GetValue<string>(), at);
            }
        });
        var followers = Enumerable.Range(0, count).Select(i => cluster.CreateProcess($"f{i}")).ToList();
        var listeners = followers.Select(_ => new Listener()).ToList();
        var ready = listeners.Append(raw).Select(listener => listener.Expect("http://bench/first")).ToList();
        var registrations = followers.Zip(listeners, (follower, listener) => follower.GetLeaderRetrieval(Cluster.Component).AddListener(listener)).ToList();
        await Task.WhenAll(ready);
        var (written, floor, first, last) = (new Samples(), new Samples(), new Samples(), new Samples());
        for (var round = -5; round < rounds; round++)
        {
            await Clock.PassAsync(0.02);
            var address = $"http://bench/{round}";
            var (heardRaw, heard) = (raw.Expect(address), listeners.Select(listener => listener.Expect(address)).ToList());
            var begin = Clock.Now;
            await terms.Current.PublishAddressAsync(address);
            var done = Clock.Now;
            var at = await Task.WhenAll(heard);
            var rawAt = await heardRaw;
            if (round >= 0)
            {
                written.Add(done - begin);
                floor.Add(rawAt - begin);
                first.Add(at.Min() - begin);
                last.Add(at.Max() - begin);
            }
        }

        await stop.CancelAsync();
        await watching;
        await Task.WhenAll(registrations.Select(registration => registration.DisposeAsync().AsTask()));
        await Task.WhenAll(followers.Select(follower => follower.DisposeAsync().AsTask()));
        return (written, floor, first, last);
    }

    private sealed class Listener : ILeaderRetrievalListener
    {
        private (string Address, TaskCompletionSource<double> Heard)? _expected;

        public Task<double> Expect(string address)
        {
            var heard = new TaskCompletionSource<double>(TaskCreationOptions.RunContinuationsAsynchronously);
            lock (this)
            {
                _expected = (address, heard);
            }

            return heard.Task;
        }

        public void Hears(string? address, double at)
        {
            lock (this)
            {
                if (_expected is { } expected && expected.Address == address)
                {
                    expected.Heard.TrySetResult(at);
                }
            }
        }

        public ValueTask OnLeaderChangedAsync(LeaderInformation? leader, CancellationToken cancellationToken)
        {
            Hears(leader?.Address, Clock.Now);
            return ValueTask.CompletedTask;
        }

        public ValueTask OnErrorAsync(Exception exception, CancellationToken cancellationToken) => ValueTask.CompletedTask;
    }
}
