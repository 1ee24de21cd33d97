using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.KubeClient.Watching;
using Flink.Kubernetes.HA.Testing;

namespace Flink.Kubernetes.HA.Tests.KubeClient.Watching;

/// <summary>Watches on the in-memory API server, after Flink's KubernetesSharedInformerITCase.</summary>
public sealed class SharedWatchesOnServerTests : IAsyncDisposable
{
    private readonly ManualTimeProvider _time = new();
    private readonly HaMetrics _metrics = new();
    private readonly CapturedLogs _logs = new();
    private readonly InMemoryApiServer _server;
    private readonly IKubeClient _admin;
    private readonly SharedWatches _watches;

    public SharedWatchesOnServerTests()
    {
        _server = new InMemoryApiServer(_time);
        _admin = _server.CreateClient();
        _watches = new SharedWatches(_server.CreateClient("watcher"), _time, _logs, _metrics);
    }

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _watches.DisposeAsync();
        Assert.Equal(0, _server.OpenWatches);
        _server.Dispose();
        _metrics.Dispose();
    }

    [Fact]
    public async Task Ten_rounds_of_creating_changing_and_deleting_ten_objects_are_seen_by_early_and_late_subscribers()
    {
        for (var round = 0; round < 10; round++)
        {
            var keys = Enumerable.Range(0, 10).Select(i => new ObjectKey("default", $"map-{i}")).ToArray();
            var early = keys.Take(5).Select(Subscribe).ToArray();
            foreach (var subscription in early)
            {
                Assert.Null((await NextAsync(subscription)).Object);
            }

            await Task.WhenAll(keys.Select(key => PutAsync(key, "created")));
            foreach (var subscription in early)
            {
                Assert.Equal("created", Value(await NextAsync(subscription)));
            }

            var all = early.Concat(keys.Skip(5).Concat(keys).Select(Subscribe)).ToArray();
            foreach (var subscription in all.Skip(5))
            {
                Assert.Equal("created", Value(await NextAsync(subscription)));
            }

            await Task.WhenAll(keys.Select(key => PutAsync(key, "changed")));
            foreach (var subscription in all)
            {
                Assert.Equal("changed", Value(await NextAsync(subscription)));
            }

            await Task.WhenAll(keys.Select(key => _admin.DeleteAsync(KubeResources.ConfigMaps, key, cancellationToken: Cancelled)));
            foreach (var subscription in all)
            {
                Assert.Null((await NextAsync(subscription)).Object);
                await subscription.DisposeAsync();
            }

            Assert.Equal(0, _server.OpenWatches);
        }
    }

    [Fact]
    public async Task Quick_updates_from_one_writer_are_seen_growing_and_the_last_one_is_seen()
    {
        var key = new ObjectKey("default", "counter");
        await PutAsync(key, "0");
        await using var subscription = Subscribe(key);
        var reading = Task.Run(async () =>
        {
            var last = -1;
            while (last < 30)
            {
                var value = int.Parse(Value(await NextAsync(subscription))!, null);
                Assert.True(value > last, $"{value} came after {last}.");
                last = value;
            }
        }, Cancelled);
        for (var value = 1; value <= 30; value++)
        {
            await PutAsync(key, $"{value}");
        }

        await reading.WaitAsync(TimeSpan.FromSeconds(30), Cancelled);
    }

    [Fact]
    public async Task A_deletion_during_a_break_is_found_although_the_history_was_compacted()
    {
        var key = new ObjectKey("default", "map");
        await PutAsync(key, "a");
        await using var subscription = Subscribe(key);
        await NextAsync(subscription);
        await _time.AdvanceAsync(TimeSpan.Zero, cancellationToken: Cancelled);
        _server.DisconnectWatches();
        await _admin.DeleteAsync(KubeResources.ConfigMaps, key, cancellationToken: Cancelled);
        _server.CompactHistory();

        var next = NextAsync(subscription);
        Assert.True(await _time.AdvanceUntilAsync(() => next.IsCompleted, TimeSpan.FromSeconds(1), cancellationToken: Cancelled));
        Assert.Null((await next).Object);
        Assert.Equal(2, Count("list"));
    }

    [Fact]
    public async Task A_change_during_a_break_is_found_without_a_list()
    {
        var key = new ObjectKey("default", "map");
        await PutAsync(key, "a");
        await using var subscription = Subscribe(key);
        await NextAsync(subscription);
        await _time.AdvanceAsync(TimeSpan.Zero, cancellationToken: Cancelled);
        _server.DisconnectWatches();
        await PutAsync(key, "b");

        var next = NextAsync(subscription);
        Assert.True(await _time.AdvanceUntilAsync(() => next.IsCompleted, TimeSpan.FromSeconds(1), cancellationToken: Cancelled));
        Assert.Equal("b", Value(await next));
        Assert.Equal((1, 2), (Count("list"), Count("watch")));
    }

    [Fact]
    public async Task With_bookmarks_an_hour_of_quiet_costs_a_watch_now_and_then_and_no_list()
    {
        await using var subscription = Subscribe(new ObjectKey("default", "map"));
        await NextAsync(subscription);

        await _time.AdvanceAsync(TimeSpan.FromHours(1), cancellationToken: Cancelled);

        Assert.Equal(1, Count("list"));
        Assert.InRange(Count("watch"), 6, 13);
        Assert.Null(subscription.Failure);
        Assert.DoesNotContain(_logs.Entries, entry => entry.Level >= Microsoft.Extensions.Logging.LogLevel.Information);
    }

    [Fact]
    public async Task Metadata_only_and_whole_objects_are_watched_apart_each_once()
    {
        var key = new ObjectKey("default", "map");
        await PutAsync(key, "a");
        await using var whole = Subscribe(key);
        await using var metadata = _watches.Subscribe(KubeResources.ConfigMaps.MetadataOnly, key);
        await using var another = _watches.Subscribe(KubeResources.ConfigMaps.MetadataOnly, key);

        Assert.Equal("a", Value(await NextAsync(whole)));
        var seen = (await metadata.NextAsync(Cancelled)).Object!;
        Assert.Equal("map", seen.Metadata.Name);
        Assert.False(seen.OtherFields?.ContainsKey("data") ?? false);
        await another.NextAsync(Cancelled);
        await _time.AdvanceAsync(TimeSpan.Zero, cancellationToken: Cancelled);
        Assert.Equal(2, _server.OpenWatches);
    }

    [Fact]
    public async Task Subscribers_that_come_and_go_at_the_same_time_leave_no_watch_behind()
    {
        var key = new ObjectKey("default", "map");
        await PutAsync(key, "a");
        await Task.WhenAll(Enumerable.Range(0, 8).Select(worker => Task.Run(
            async () =>
            {
                for (var round = 0; round < 100; round++)
                {
                    var subscription = Subscribe(key);
                    if ((round + worker) % 3 > 0)
                    {
                        Assert.Equal("a", Value(await NextAsync(subscription)));
                    }

                    await subscription.DisposeAsync();
                }
            },
            Cancelled)));

        Assert.Equal(0, _server.OpenWatches);
        await using var last = Subscribe(key);
        Assert.Equal("a", Value(await NextAsync(last)));
    }

    [Fact]
    public async Task A_permission_that_is_granted_later_ends_the_failure()
    {
        var key = new ObjectKey("default", "map");
        await PutAsync(key, "a");
        _server.Deny("watcher", "list", "configmaps");
        await using var subscription = Subscribe(key);
        var failure = await subscription.NextFailureAsync(Cancelled).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Cancelled);
        Assert.Equal(KubeFailure.Forbidden, Assert.IsType<KubeClientException>(failure).Failure);
        _server.Allow("watcher", "list", "configmaps");

        var next = NextAsync(subscription);
        Assert.True(await _time.AdvanceUntilAsync(() => next.IsCompleted, TimeSpan.FromSeconds(10), cancellationToken: Cancelled));
        Assert.Equal("a", Value(await next));
        Assert.Null(subscription.Failure);
    }

    private static string? Value(Observation<ConfigMap> observation) => observation.Object?.Data?["value"];

    private static async Task<Observation<ConfigMap>> NextAsync(WatchSubscription<ConfigMap> subscription) =>
        await subscription.NextAsync(Cancelled).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Cancelled);

    private WatchSubscription<ConfigMap> Subscribe(ObjectKey key) => _watches.Subscribe(KubeResources.ConfigMaps, key);

    private int Count(string verb) => _server.Requests.Count(request => request.User == "watcher" && request.Verb == verb);

    private async Task PutAsync(ObjectKey key, string value)
    {
        var item = new ConfigMap { Metadata = new ObjectMeta { Namespace = key.Namespace, Name = key.Name }, Data = new Dictionary<string, string> { ["value"] = value } };
        try
        {
            await _admin.ReplaceAsync(KubeResources.ConfigMaps, item, Cancelled);
        }
        catch (KubeClientException exception) when (exception.Failure == KubeFailure.NotFound)
        {
            await _admin.CreateAsync(KubeResources.ConfigMaps, item, Cancelled);
        }
    }
}
