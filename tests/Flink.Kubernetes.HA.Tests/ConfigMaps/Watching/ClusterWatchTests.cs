using Flink.Kubernetes.HA.ConfigMaps.Watching;

namespace Flink.Kubernetes.HA.Tests.ConfigMaps.Watching;

/// <summary>One watch by label serves the ConfigMaps of a cluster when there are many, and a watch by name what it does not show.</summary>
public sealed class ClusterWatchTests : IAsyncDisposable
{
    private static readonly IReadOnlyDictionary<string, string> Labels = HaNames.Labels(HaWorld.ClusterId);

    private readonly HaWorld _world = new();
    private readonly List<WatchSubscription> _subscriptions = [];
    private readonly Lazy<Replica> _watcher;
    private int _value;

    public ClusterWatchTests() => _watcher = new(() => new Replica("watcher", _world.Server, _world.Time, watches: _world.Watches));

    private static CancellationToken Canceled => TestContext.Current.CancellationToken;

    private Replica Watcher => _watcher.Value;

    private FaultInjectingHandler Network => Watcher.Network;

    private IEnumerable<string?> Seen => _subscriptions.Select(subscription => subscription.Current?.ConfigMap?.Annotation("value"));

    public async ValueTask DisposeAsync()
    {
        foreach (var subscription in _subscriptions)
        {
            await subscription.DisposeAsync();
        }

        // The last subscriber ends the watch, and not only the disposal of all watches.
        await SettleAsync();
        _world.Server.OpenWatches.Should().Be(0);
        await Watcher.DisposeAsync();
        await _world.DisposeAsync();
    }

    [Fact]
    public async Task Sixteen_are_watched_by_name_and_with_the_seventeenth_one_watch_serves_all()
    {
        await CreateAsync(100);
        await SubscribeAsync(16);
        _world.Server.OpenWatches.Should().Be(16);
        var before = _subscriptions.ConvertAll(subscription => subscription.Current);

        await SubscribeAsync(17);

        _world.Server.OpenWatches.Should().Be(1);
        _subscriptions.Take(16).Select(subscription => subscription.Current).Should().Equal(before, ReferenceEquals, "nothing has changed");
        Network.CountCalls("list").Should().Be(17);
        await SubscribeAsync(100);
        (Network.CountCalls("list"), Network.CountCalls("watch")).Should().Be((17, 17), "the others cost no request");
        Seen.Should().Equal(Enumerable.Range(1, 100).Select(i => $"{i}"));
        await ChangeAsync(3);
        await ChangeAsync(99);
        (Seen.ElementAt(3), Seen.ElementAt(99)).Should().Be(("101", "102"));
    }

    [Fact]
    public async Task All_subscribers_of_a_start_are_served_by_one_list_in_pages_and_one_watch()
    {
        _world.WatchByLabel();
        await CreateAsync(1201);

        await SubscribeAsync(1201);

        Seen.Should().Equal(Enumerable.Range(1, 1201).Select(i => $"{i}"));
        (Network.CountCalls("list"), Network.CountCalls("watch")).Should().Be((3, 1));
    }

    [Fact]
    public async Task What_loses_its_labels_is_still_seen_and_is_served_by_label_again_when_it_has_them_back()
    {
        _world.WatchByLabel();
        await CreateAsync(3);
        await SubscribeAsync(3);
        var reading = ReadAsync(_subscriptions[1]);

        await EditAsync(1, new JsonObject { ["labels"] = null });
        Seen.Should().Equal("1", "4", "3");
        _world.Server.OpenWatches.Should().Be(2);
        await EditAsync(1, new JsonObject());
        Seen.Should().Equal("1", "5", "3");
        await EditAsync(1, new JsonObject { ["labels"] = new JsonObject(Labels.Select(label => KeyValuePair.Create(label.Key, (JsonNode?)label.Value))) });
        Seen.Should().Equal("1", "6", "3");
        _world.Server.OpenWatches.Should().Be(1);
        await EditAsync(1, new JsonObject());

        await _subscriptions[1].DisposeAsync();
        (await reading).Should().Equal("2", "4", "5", "6", "7");
    }

    [Fact]
    public async Task What_is_deleted_and_what_never_had_the_labels_is_seen_by_name()
    {
        _world.WatchByLabel();
        await CreateAsync(2);
        await SubscribeAsync(3);
        var reading = ReadAsync(_subscriptions[0]);
        _subscriptions[2].Current.Should().NotBeNull();

        await _world.DeleteAsync(Key(0));
        await SettleAsync();
        _subscriptions[0].Current!.ConfigMap.Should().BeNull();
        await CreateAsync(1, labels: null);
        Seen.Should().Equal("3", "2", null);

        await _subscriptions[0].DisposeAsync();
        (await reading).Should().Equal("1", null, "3");
    }

    [Fact]
    public async Task A_deletion_that_was_missed_is_found_by_the_next_list()
    {
        _world.WatchByLabel();
        await CreateAsync(3);
        await SubscribeAsync(3);
        Network.Partition(silent: false);
        await _world.DeleteAsync(Key(0));
        await ChangeAsync(1);
        _world.Server.CompactHistory();
        Seen.Should().Equal("1", "2", "3");

        Network.Heal();
        await _world.AdvanceAsync(TimeSpan.FromSeconds(30));

        Seen.Should().Equal(null, "4", "3");
        _subscriptions.Should().OnlyContain(subscription => subscription.Failure == null);
    }

    [Theory]
    [InlineData("list")]
    [InlineData("watch")]
    public async Task Where_only_names_are_permitted_each_is_watched_by_name_and_the_log_says_so_once(string verb)
    {
        // The in-memory server knows no resourceNames: the first such request is the one by label.
        _world.WatchByLabel();
        using var refusal = Network.Inject(Fault.Fail(HttpStatusCode.Forbidden) with { Verb = verb, Times = 1 });
        await CreateAsync(20);

        await SubscribeAsync(20);

        Seen.Should().Equal(Enumerable.Range(1, 20).Select(i => $"{i}"));
        _world.Server.OpenWatches.Should().Be(20);
        await ChangeAsync(7);
        Seen.ElementAt(7).Should().Be("21");
        Watcher.Logs.Entries.Count(entry => entry.Id == 208).Should().Be(1);
        _subscriptions.Should().OnlyContain(subscription => subscription.Failure == null);
    }

    [Fact]
    public async Task A_failure_of_the_watch_by_label_is_reported_to_all_and_its_end_too()
    {
        _world.WatchByLabel();
        await CreateAsync(3);
        await SubscribeAsync(3);
        Network.Partition(silent: false);
        await _world.AdvanceAsync(TimeSpan.FromSeconds(10));
        _subscriptions.Should().OnlyContain(subscription => subscription.Failure != null && subscription.LastingFailure!.Duration > TimeSpan.FromSeconds(5));

        // What is not there any more when it recovers is read by name, and has no failure either.
        await _world.DeleteAsync(Key(2));
        _world.Server.CompactHistory();
        Network.Heal();
        await _world.AdvanceAsync(TimeSpan.FromSeconds(60));

        _subscriptions.Should().OnlyContain(subscription => subscription.Failure == null);
        Seen.Should().Equal("1", "2", null);
    }

    [Fact]
    public async Task A_list_that_is_asked_for_finds_what_a_silent_watch_has_missed_also_by_name()
    {
        _world.WatchByLabel();
        await CreateAsync(2);
        await SubscribeAsync(2);
        Network.SilenceWatches();
        await ChangeAsync(0);
        await _world.DeleteAsync(Key(1));
        Seen.Should().Equal("1", "2");

        await _world.WhileAdvancingAsync(_subscriptions[1].RelistAsync());

        Seen.Should().Equal("3", null);
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
    public async Task Whatever_happens_no_older_state_is_seen_after_a_newer_one_and_the_last_one_is_seen(int seed)
    {
        const int Objects = 4;
        _world.WatchByLabel();
        await SubscribeAsync(Objects);
        var readings = _subscriptions.ConvertAll(ReadAsync);
        var random = new Random(seed);
        var injected = new List<IDisposable>();
        for (var step = 0; step < 300; step++)
        {
            await (random.Next(3) > 0 ? MischiefAsync(random, random.Next(Objects)) : FaultAsync(random, injected));
            await _world.AdvanceAsync(TimeSpan.FromMilliseconds(random.Next(5_000)));
        }

        injected.ForEach(rule => rule.Dispose());
        Network.Heal();
        await _world.AdvanceAsync(TimeSpan.FromMinutes(11));

        for (var i = 0; i < Objects; i++)
        {
            Seen.ElementAt(i).Should().Be((await _world.FindAsync(Key(i)))?.Annotation("value"));
            _subscriptions[i].Failure.Should().BeNull();
            await _subscriptions[i].DisposeAsync();
            var values = (await readings[i].WaitAsync(TimeSpan.FromSeconds(30), Canceled)).OfType<string>().Select(value => int.Parse(value, null)).ToList();
            values.Should().BeInAscendingOrder().And.OnlyHaveUniqueItems().And.HaveCountGreaterThan(10);
        }
    }

    private static ObjectKey Key(int i) => new(HaWorld.Namespace, $"orders-c{i}-leader");

    private static async Task<List<string?>> ReadAsync(WatchSubscription subscription)
    {
        var values = new List<string?>();
        try
        {
            while (true)
            {
                values.Add((await subscription.NextStateAsync(Canceled)).ConfigMap?.Annotation("value"));
            }
        }
        catch (ObjectDisposedException)
        {
            return values;
        }
    }

    private Task CreateAsync(int count) => CreateAsync(count, Labels);

    private async Task CreateAsync(int count, IReadOnlyDictionary<string, string>? labels)
    {
        for (var i = 0; i < count; i++)
        {
            await CreateOneAsync(i, labels);
        }

        await SettleAsync();
    }

    private Task CreateOneAsync(int i, IReadOnlyDictionary<string, string>? labels) => _world.PutAsync(new ConfigMap(Key(i))
    {
        Labels = labels ?? ConfigMap.NoText,
        Annotations = new Dictionary<string, string> { ["value"] = $"{++_value}" },
    });

    private Task ChangeAsync(int i) => EditAsync(i, new JsonObject());

    private async Task EditAsync(int i, JsonObject metadata)
    {
        metadata["annotations"] = new JsonObject { ["value"] = $"{++_value}" };
        await _world.EditAsync(new JsonObject { ["metadata"] = metadata }, Key(i));
        await SettleAsync();
    }

    private async Task SubscribeAsync(int until)
    {
        while (_subscriptions.Count < until)
        {
            _subscriptions.Add(Watcher.Watches.Subscribe(Key(_subscriptions.Count)));
        }

        await SettleAsync();
    }

    private Task SettleAsync() => _world.AdvanceAsync(TimeSpan.FromMilliseconds(1));

    private async Task MischiefAsync(Random random, int i)
    {
        var stored = await _world.FindAsync(Key(i));
        if (stored is null)
        {
            await CreateOneAsync(i, random.Next(3) == 0 ? null : Labels);
        }
        else if (random.Next(4) == 0)
        {
            await _world.DeleteAsync(Key(i));
        }
        else
        {
            var labels = random.Next(3) switch { 0 => null, 1 => new JsonObject { ["app"] = HaWorld.ClusterId }, _ => new JsonObject(Labels.Select(label => KeyValuePair.Create(label.Key, (JsonNode?)label.Value))) };
            await EditAsync(i, random.Next(2) == 0 ? [] : new JsonObject { ["labels"] = labels });
        }
    }

    private Task FaultAsync(Random random, List<IDisposable> injected)
    {
        switch (random.Next(11))
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
                injected.Add(Network.Inject(Fault.ExpireWatch(random.Next(3)) with { Times = 1 }));
                break;
            case 4:
                injected.Add(Network.Inject(Fault.CutWatch(random.Next(3)) with { Times = random.Next(1, 5) }));
                break;
            case 5:
                injected.Add(Network.Inject(Fault.NotConnected() with { Verb = "list", Times = random.Next(1, 4) }));
                break;
            case 6:
                injected.Add(Network.Inject(Fault.LoseResponse() with { Verb = "list", Times = 1 }));
                break;
            case 7:
                injected.Add(Network.Inject(Fault.Delay(TimeSpan.FromSeconds(random.Next(5))) with { Times = 2 }));
                break;
            case 8:
                Network.Partition(silent: random.Next(2) == 0);
                break;
            default:
                Network.Heal();
                break;
        }

        return Task.CompletedTask;
    }
}
