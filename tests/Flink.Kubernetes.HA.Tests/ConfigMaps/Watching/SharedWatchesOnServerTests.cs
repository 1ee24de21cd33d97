using Flink.Kubernetes.HA.ConfigMaps.Watching;

namespace Flink.Kubernetes.HA.Tests.ConfigMaps.Watching;

/// <summary>Watches on the in-memory API server, after Flink's KubernetesSharedInformerITCase.</summary>
public sealed class SharedWatchesOnServerTests : IAsyncDisposable
{
    private readonly HaWorld _world = new();
    private readonly HaMetrics _metrics = new();
    private readonly RecordingLoggerFactory _logs = new();
    private readonly k8s.Kubernetes _client;
    private readonly SharedWatches _watches;

    public SharedWatchesOnServerTests()
    {
        _client = Server.CreateClient("watcher");
        var requests = new ConfigMapRequests(_client, TimeSpan.FromSeconds(10), maxRetries: 0, _world.Time, _logs, _metrics);
        _watches = new SharedWatches(requests, _world.Time, _logs, _metrics);
    }

    private static CancellationToken Canceled => TestContext.Current.CancellationToken;

    private InMemoryApiServer Server => _world.Server;

    public async ValueTask DisposeAsync()
    {
        await _watches.DisposeAsync();
        Server.OpenWatches.Should().Be(0);
        _client.Dispose();
        _metrics.Dispose();
        await _world.DisposeAsync();
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
                (await NextAsync(subscription)).ConfigMap.Should().BeNull();
            }

            await Task.WhenAll(keys.Select(key => PutAsync(key, "created")));
            foreach (var subscription in early)
            {
                Value(await NextAsync(subscription)).Should().Be("created");
            }

            var all = early.Concat(keys.Skip(5).Concat(keys).Select(Subscribe)).ToArray();
            foreach (var subscription in all.Skip(5))
            {
                Value(await NextAsync(subscription)).Should().Be("created");
            }

            await Task.WhenAll(keys.Select(key => PutAsync(key, "changed")));
            foreach (var subscription in all)
            {
                Value(await NextAsync(subscription)).Should().Be("changed");
            }

            await Task.WhenAll(keys.Select(key => _world.DeleteAsync(key)));
            foreach (var subscription in all)
            {
                (await NextAsync(subscription)).ConfigMap.Should().BeNull();
                await subscription.DisposeAsync();
            }

            Server.OpenWatches.Should().Be(0);
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
                value.Should().BeGreaterThan(last);
                last = value;
            }
        }, Canceled);
        for (var value = 1; value <= 30; value++)
        {
            await PutAsync(key, $"{value}");
        }

        await reading.WaitAsync(TimeSpan.FromSeconds(30), Canceled);
    }

    [Fact]
    public async Task A_deletion_during_a_break_is_found_although_the_history_was_compacted()
    {
        var key = new ObjectKey("default", "map");
        await PutAsync(key, "a");
        await using var subscription = Subscribe(key);
        await NextAsync(subscription);
        await _world.AdvanceAsync(TimeSpan.Zero);
        Server.DisconnectWatches();
        await _world.DeleteAsync(key);
        Server.CompactHistory();

        var next = NextAsync(subscription);
        (await _world.WhileAdvancingAsync(next)).ConfigMap.Should().BeNull();
        Count("list").Should().Be(2);
    }

    [Fact]
    public async Task A_change_during_a_break_is_found_without_a_list()
    {
        var key = new ObjectKey("default", "map");
        await PutAsync(key, "a");
        await using var subscription = Subscribe(key);
        await NextAsync(subscription);
        await _world.AdvanceAsync(TimeSpan.Zero);
        Server.DisconnectWatches();
        await PutAsync(key, "b");

        var next = NextAsync(subscription);
        Value(await _world.WhileAdvancingAsync(next)).Should().Be("b");
        (Count("list"), Count("watch")).Should().Be((1, 2));
    }

    [Fact]
    public async Task With_bookmarks_an_hour_of_quiet_costs_a_watch_now_and_then_and_no_list()
    {
        await using var subscription = Subscribe(new ObjectKey("default", "map"));
        await NextAsync(subscription);

        await _world.AdvanceAsync(TimeSpan.FromHours(1));

        Count("list").Should().Be(1);
        Count("watch").Should().BeInRange(6, 13);
        subscription.Failure.Should().BeNull();
        _logs.Entries.Should().NotContain(entry => entry.Level >= Microsoft.Extensions.Logging.LogLevel.Information);
    }

    [Fact]
    public async Task Metadata_only_and_whole_objects_are_watched_apart_each_once()
    {
        var key = new ObjectKey("default", "map");
        await PutAsync(key, "a");
        await using var whole = Subscribe(key);
        await using var metadata = _watches.Subscribe(key);
        await using var another = _watches.Subscribe(key);

        Value(await NextAsync(whole)).Should().Be("a");
        var seen = (await metadata.NextStateAsync(Canceled)).ConfigMap!;
        seen.Key.Should().Be(key);
        seen.Data.Should().BeEmpty();
        await another.NextStateAsync(Canceled);
        await _world.AdvanceAsync(TimeSpan.Zero);
        Server.OpenWatches.Should().Be(2);
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
                        Value(await NextAsync(subscription)).Should().Be("a");
                    }

                    await subscription.DisposeAsync();
                }
            },
            Canceled)));

        Server.OpenWatches.Should().Be(0);
        await using var last = Subscribe(key);
        Value(await NextAsync(last)).Should().Be("a");
    }

    [Fact]
    public async Task A_permission_that_is_granted_later_ends_the_failure()
    {
        var key = new ObjectKey("default", "map");
        await PutAsync(key, "a");
        Server.Deny("watcher", "list", "configmaps");
        await using var subscription = Subscribe(key);
        var failure = await subscription.NextFailureAsync(Canceled).WaitAsync(TimeSpan.FromSeconds(30), Canceled);
        failure.Should().BeOfType<KubernetesHaException>().Which.Failure.Should().Be(KubernetesFailure.Forbidden);
        Server.Allow("watcher", "list", "configmaps");

        var next = NextAsync(subscription);
        Value(await _world.WhileAdvancingAsync(next)).Should().Be("a");
        subscription.Failure.Should().BeNull();
    }

    private static string? Value(Observation observation) => observation.ConfigMap?.Data["value"];

    private static async Task<Observation> NextAsync(WatchSubscription subscription) =>
        await subscription.NextStateAsync(Canceled).WaitAsync(TimeSpan.FromSeconds(30), Canceled);

    private WatchSubscription Subscribe(ObjectKey key) => _watches.Subscribe(key, isMetadataOnly: false);

    private int Count(string verb) => Server.Requests.Count(request => request.User == "watcher" && request.Verb == verb);

    private async Task PutAsync(ObjectKey key, string value)
    {
        if (await _world.FindAsync(key) is null)
        {
            await _world.CreateAsync(key: key, data: new Dictionary<string, string> { ["value"] = value });
        }
        else
        {
            await _world.EditDataAsync("value", value, key);
        }
    }
}
