using Flink.Kubernetes.HA.ConfigMaps.Watching;

namespace Flink.Kubernetes.HA.Tests.ConfigMaps.Watching;

/// <summary>Promise P8: whatever happens on the way, what is seen only grows newer, and the last state is seen.</summary>
public sealed class WatchUnderFaultsTests : IAsyncDisposable
{
    private static readonly ObjectKey Key = new("default", "map");

    private readonly HaWorld _world = new();
    private readonly Replica _watcher;
    private readonly WatchSubscription _subscription;
    private readonly List<IDisposable> _injected = [];
    private int _value;

    public WatchUnderFaultsTests()
    {
        _watcher = new Replica("watcher", _world.Server, _world.Time);
        _subscription = _watcher.Watches.Subscribe(Key, isMetadataOnly: false);
    }

    private static CancellationToken Canceled => TestContext.Current.CancellationToken;

    private FaultInjectingHandler Network => _watcher.Network;

    private string? Seen => _subscription.Current?.ConfigMap?.Data["value"];

    public async ValueTask DisposeAsync()
    {
        await _subscription.DisposeAsync();
        await _watcher.DisposeAsync();
        _world.Server.OpenWatches.Should().Be(0);
        await _world.DisposeAsync();
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
            await _world.AdvanceAsync(TimeSpan.FromMilliseconds(random.Next(5_000)));
        }

        // A rule that has not struck yet would strike in the time in which everything is to be well.
        _injected.ForEach(rule => rule.Dispose());
        Network.Heal();
        await _world.AdvanceAsync(TimeSpan.FromMinutes(11));

        Seen.Should().Be(await StoredAsync());
        _subscription.Failure.Should().BeNull();
        Network.CountCalls().Should().BeInRange(1, 2_000);
        await _subscription.DisposeAsync();
        var seen = await reading.WaitAsync(TimeSpan.FromSeconds(30), Canceled);
        seen.Should().BeGreaterThan(20);
    }

    [Fact]
    public async Task A_silent_partition_is_over_when_it_heals()
    {
        await ChangeAsync(delete: false);
        await _world.AdvanceAsync(TimeSpan.FromSeconds(1));
        Network.Partition(silent: true);
        await ChangeAsync(delete: false);
        await _world.AdvanceAsync(TimeSpan.FromMinutes(2));
        Seen.Should().Be("1");

        Network.Heal();
        await _world.AdvanceAsync(TimeSpan.FromSeconds(1));

        Seen.Should().Be("2");
        Network.CountCalls("list").Should().Be(1);
    }

    [Fact]
    public async Task A_watch_that_falls_silent_is_noticed_without_any_help()
    {
        await ChangeAsync(delete: false);
        await _world.AdvanceAsync(TimeSpan.FromSeconds(1));
        Network.SilenceWatches();
        await ChangeAsync(delete: true);

        await _world.AdvanceAsync(TimeSpan.FromMinutes(10.6));

        _subscription.Current.Should().NotBeNull();
        _subscription.Current.ConfigMap.Should().BeNull();
    }

    /// <summary>Reads to the end and returns how many states there were.</summary>
    private async Task<int> ReadAsync()
    {
        var newest = 0;
        var count = 0;
        Observation? last = null;
        try
        {
            while (true)
            {
                var state = await _subscription.NextStateAsync(Canceled);
                state.Should().NotBeSameAs(last);
                (last is null || state.Timestamp >= last.Timestamp).Should().BeTrue();
                if (state.ConfigMap is { } item)
                {
                    var value = int.Parse(item.Data["value"], null);
                    value.Should().BeGreaterThan(newest);
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
        var value = $"{++_value}";
        await ((stored, delete) switch
        {
            (null, _) => _world.CreateAsync(key: Key, data: new Dictionary<string, string> { ["value"] = value }),
            (_, true) => _world.DeleteAsync(Key),
            _ => _world.EditDataAsync("value", value, Key),
        });
    }

    private Task FaultAsync(Random random)
    {
        switch (random.Next(12))
        {
            case 0:
                Network.CutWatches();
                break;
            case 1:
                _world.Server.DisconnectWatches();
                break;
            case 2:
                _world.Server.CompactHistory();
                break;
            case 3:
                _injected.Add(Network.Inject(Fault.ExpireWatch(random.Next(3)) with { Times = 1 }));
                break;
            case 4:
                _injected.Add(Network.Inject(Fault.CutWatch(random.Next(3)) with { Times = random.Next(1, 5) }));
                break;
            case 5:
                _injected.Add(Network.Inject(Fault.Fail(HttpStatusCode.Forbidden) with { Verb = "watch", Times = random.Next(1, 4) }));
                break;
            case 6:
                _injected.Add(Network.Inject(Fault.NotConnected() with { Verb = "list", Times = random.Next(1, 4) }));
                break;
            case 7:
                _injected.Add(Network.Inject(Fault.LoseResponse() with { Verb = "list", Times = 1 }));
                break;
            case 8:
                _injected.Add(Network.Inject(Fault.Delay(TimeSpan.FromSeconds(random.Next(5))) with { Times = 2 }));
                break;
            case 9:
                Network.Partition(silent: random.Next(2) == 0);
                break;
            default:
                Network.Heal();
                break;
        }

        return Task.CompletedTask;
    }

    private async Task<string?> StoredAsync() => (await _world.FindAsync(Key))?.Data["value"];
}
