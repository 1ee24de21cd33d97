using Flink.Kubernetes.HA.LeaderRetrieval;

namespace Flink.Kubernetes.HA.Benchmarks;

/// <summary>From a leader's beginning to publish an address until listeners in other processes' places are called with it.</summary>
internal static class NotificationBenchmark
{
    public static async Task RunAsync(string kubeConfig, int rounds)
    {
        Samples.PrintHeader();
        foreach (var listeners in (int[])[1, 50])
        {
            await using var cluster = new Cluster(kubeConfig);
            await using var leader = cluster.CreateProcess("leader");
            var followers = Enumerable.Range(0, listeners).Select(i => cluster.CreateProcess($"f{i}")).ToList();
            await using var terms = leader.GetLeaderElection(Cluster.Component).ContendAsync("http://bench").GetAsyncEnumerator();
            await terms.MoveNextAsync();
            var told = followers.Select(_ => new Listener()).ToList();
            var registrations = followers.Zip(told, (f, l) => f.GetLeaderRetrieval(Cluster.Component).AddListener(l)).ToList();
            var (first, last, written) = (new Samples(), new Samples(), new Samples());
            for (var round = 0; round < rounds; round++)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
                var address = $"http://bench/{round}";
                var heard = told.Select(l => l.Expect(address)).ToList();
                var before = TimeProvider.System.GetTimestamp();
                await terms.Current.PublishAddressAsync(address);
                written.Add(TimeProvider.System.GetElapsedTime(before));
                var at = await Task.WhenAll(heard);
                first.Add(TimeProvider.System.GetElapsedTime(before, at.Min()));
                last.Add(TimeProvider.System.GetElapsedTime(before, at.Max()));
            }

            written.Print($"address published (the write itself), {listeners} listener{(listeners > 1 ? "s" : string.Empty)}");
            first.Print($"publish -> first of {listeners} told");
            last.Print($"publish -> last of {listeners} told");
            foreach (var registration in registrations)
            {
                await registration.DisposeAsync();
            }

            foreach (var follower in followers)
            {
                await follower.DisposeAsync();
            }
        }
    }

    private sealed class Listener : ILeaderRetrievalListener
    {
        private TaskCompletionSource<long> _heard = new();
        private string? _expected;

        public Task<long> Expect(string address)
        {
            var heard = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
            Volatile.Write(ref _heard, heard);
            Volatile.Write(ref _expected, address);
            return heard.Task;
        }

        public ValueTask OnLeaderChangedAsync(LeaderInformation? leader, CancellationToken cancellationToken)
        {
            if (leader?.Address == Volatile.Read(ref _expected))
            {
                Volatile.Read(ref _heard).TrySetResult(TimeProvider.System.GetTimestamp());
            }

            return ValueTask.CompletedTask;
        }

        public ValueTask OnErrorAsync(Exception exception, CancellationToken cancellationToken) => throw exception;
    }
}
