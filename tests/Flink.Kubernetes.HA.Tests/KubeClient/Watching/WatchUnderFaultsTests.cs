using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.KubeClient.Watching;
using Flink.Kubernetes.HA.Testing;

namespace Flink.Kubernetes.HA.Tests.KubeClient.Watching;

/// <summary>Promise P8: whatever happens on the way, what is seen only grows newer, and the last state is seen.</summary>
public sealed class WatchUnderFaultsTests : IAsyncDisposable
{
    private static readonly ObjectKey Key = new("default", "map");

    private readonly ManualTimeProvider _time = new();
    private readonly HaMetrics _metrics = new();
    private readonly InMemoryApiServer _server;
    private readonly IKubeClient _admin;
    private readonly FaultInjectingKubeClient _faulty;
    private readonly SharedWatches _watches;
    private readonly WatchSubscription<ConfigMap> _subscription;
    private readonly List<IDisposable> _injected = [];
    private int _value;

    public WatchUnderFaultsTests()
    {
        _server = new InMemoryApiServer(_time);
        _admin = _server.CreateClient();
        _faulty = new FaultInjectingKubeClient(_server.CreateClient("watcher"), _time);
        _watches = new SharedWatches(_faulty, _time, new CapturedLogs(), _metrics);
        _subscription = _watches.Subscribe(KubeResources.ConfigMaps, Key);
    }

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _subscription.DisposeAsync();
        await _watches.DisposeAsync();
        Assert.Equal(0, _server.OpenWatches);
        await _faulty.DisposeAsync();
        _server.Dispose();
        _metrics.Dispose();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    public async Task Three_hundred_random_changes_and_faults_never_bring_an_older_state_and_end_in_the_true_one(int seed)
    {
        var random = new Random(seed);
        var reading = ReadAsync();
        for (var step = 0; step < 300; step++)
        {
            await (random.Next(3) > 0 ? ChangeAsync(random.Next(4) == 0) : FaultAsync(random));
            await _time.AdvanceAsync(TimeSpan.FromMilliseconds(random.Next(5_000)), cancellationToken: Cancelled);
        }

        // A rule that has not struck yet would strike in the time in which everything is to be well.
        _injected.ForEach(rule => rule.Dispose());
        _faulty.Heal();
        await _time.AdvanceAsync(TimeSpan.FromMinutes(11), cancellationToken: Cancelled);

        Assert.Equal(await StoredAsync(), _subscription.Current?.Object?.Data?["value"]);
        Assert.Null(_subscription.Failure);
        Assert.InRange(_faulty.CountCalls(), 1, 2_000);
        await _subscription.DisposeAsync();
        var seen = await reading.WaitAsync(TimeSpan.FromSeconds(30), Cancelled);
        Assert.True(seen > 20, $"Only {seen} states were seen.");
    }

    [Fact]
    public async Task A_silent_partition_is_over_when_it_heals()
    {
        await ChangeAsync(delete: false);
        await _time.AdvanceAsync(TimeSpan.FromSeconds(1), cancellationToken: Cancelled);
        _faulty.Partition(silent: true);
        await ChangeAsync(delete: false);
        await _time.AdvanceAsync(TimeSpan.FromMinutes(2), cancellationToken: Cancelled);
        Assert.Equal("1", _subscription.Current?.Object?.Data?["value"]);

        _faulty.Heal();
        await _time.AdvanceAsync(TimeSpan.FromSeconds(1), cancellationToken: Cancelled);

        Assert.Equal("2", _subscription.Current?.Object?.Data?["value"]);
        Assert.Equal(1, _faulty.CountCalls("list"));
    }

    [Fact]
    public async Task A_watch_that_falls_silent_is_noticed_without_any_help()
    {
        await ChangeAsync(delete: false);
        await _time.AdvanceAsync(TimeSpan.FromSeconds(1), cancellationToken: Cancelled);
        _faulty.SilenceWatches();
        await ChangeAsync(delete: true);

        await _time.AdvanceAsync(TimeSpan.FromMinutes(10.6), cancellationToken: Cancelled);

        Assert.NotNull(_subscription.Current);
        Assert.Null(_subscription.Current.Object);
    }

    /// <summary>Reads to the end and returns how many states there were.</summary>
    private async Task<int> ReadAsync()
    {
        var newest = 0;
        var count = 0;
        Observation<ConfigMap>? last = null;
        try
        {
            while (true)
            {
                var state = await _subscription.NextAsync(Cancelled);
                Assert.NotSame(last, state);
                Assert.True(last is null || state.Timestamp >= last.Timestamp);
                if (state.Object is { } item)
                {
                    var value = int.Parse(item.Data!["value"], null);
                    Assert.True(value > newest, $"{value} came after {newest}.");
                    newest = value;
                }

                last = state;
                count++;
            }
        }
        catch (ObjectDisposedException)
        {
            return count;
        }
    }

    private async Task ChangeAsync(bool delete)
    {
        var stored = await StoredAsync();
        var item = new ConfigMap { Metadata = new ObjectMeta { Namespace = Key.Namespace, Name = Key.Name }, Data = new Dictionary<string, string> { ["value"] = $"{++_value}" } };
        await ((stored, delete) switch
        {
            (null, _) => _admin.CreateAsync(KubeResources.ConfigMaps, item, Cancelled),
            (_, true) => _admin.DeleteAsync(KubeResources.ConfigMaps, Key, cancellationToken: Cancelled),
            _ => _admin.ReplaceAsync(KubeResources.ConfigMaps, item, Cancelled),
        });
    }

    private Task FaultAsync(Random random)
    {
        switch (random.Next(12))
        {
            case 0:
                _faulty.CutWatches();
                break;
            case 1:
                _server.DisconnectWatches();
                break;
            case 2:
                _server.CompactHistory();
                break;
            case 3:
                _injected.Add(_faulty.Inject(FaultRule.ExpireWatch(random.Next(3)) with { Times = 1 }));
                break;
            case 4:
                _injected.Add(_faulty.Inject(FaultRule.CutWatch(random.Next(3)) with { Times = random.Next(1, 5) }));
                break;
            case 5:
                _injected.Add(_faulty.Inject(FaultRule.Fail(KubeFailure.Forbidden) with { Verb = "watch", Times = random.Next(1, 4) }));
                break;
            case 6:
                _injected.Add(_faulty.Inject(FaultRule.Fail() with { Verb = "list", Times = random.Next(1, 4) }));
                break;
            case 7:
                _injected.Add(_faulty.Inject(FaultRule.LoseResponse() with { Verb = "list", Times = 1 }));
                break;
            case 8:
                _injected.Add(_faulty.Inject(FaultRule.Delay(TimeSpan.FromSeconds(random.Next(5))) with { Times = 2 }));
                break;
            case 9:
                _faulty.Partition(silent: random.Next(2) == 0);
                break;
            default:
                _faulty.Heal();
                break;
        }

        return Task.CompletedTask;
    }

    private async Task<string?> StoredAsync() =>
        (await _admin.ListAsync(KubeResources.ConfigMaps, Key.Namespace, cancellationToken: Cancelled)).Items.SingleOrDefault()?.Data!["value"];
}
