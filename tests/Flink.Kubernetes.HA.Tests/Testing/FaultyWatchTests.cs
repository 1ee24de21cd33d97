using Flink.Kubernetes.HA.Testing;

namespace Flink.Kubernetes.HA.Tests.Testing;

/// <summary>Watches and partitions.</summary>
[Collection(SimulatedTime.Name)]
public sealed class FaultyWatchTests : FaultyCluster
{
    [Fact]
    public async Task A_watch_breaks_after_some_events()
    {
        await AddAsync("a");
        await AddAsync("b");
        Faults.Inject(Fault.CutWatch(afterEvents: 1));

        using var watch = await WatchAsync(client: Faulty);

        (await watch.NextAsync()).Should().Be(("ADDED", "a"));
        await FluentActions.Awaiting(watch.LineAsync).Should().ThrowAsync<HttpIOException>();
    }

    [Fact]
    public async Task A_watch_expires_with_an_error_in_its_stream()
    {
        await AddAsync("a");
        Faults.Inject(Fault.ExpireWatch(afterEvents: 1));

        using var watch = await WatchAsync(client: Faulty);

        (await watch.NextAsync()).Should().Be(("ADDED", "a"));
        var (type, status) = await watch.NextEventAsync();
        (type, (int)status["code"]!).Should().Be(("ERROR", 410));
        (await watch.LineAsync()).Should().BeNull();
        Server.OpenWatches.Should().Be(0);
    }

    [Fact]
    public async Task A_watch_falls_silent_after_some_events()
    {
        await AddAsync("a");
        await AddAsync("b");
        Faults.Inject(Fault.SilenceWatch(afterEvents: 1));
        using var watch = await WatchAsync(client: Faulty);
        (await watch.NextAsync()).Should().Be(("ADDED", "a"));

        var next = watch.LineAsync();
        await AdvanceAsync(60);

        next.IsCompleted.Should().BeFalse();
    }

    [Fact]
    public async Task A_silent_watch_swallows_events_and_its_end_until_it_is_cut()
    {
        using var watch = await WatchAsync(client: Faulty);
        await AddAsync("a");
        (await watch.NextAsync()).Name.Should().Be("a");
        Faults.SilenceWatches();
        var next = watch.LineAsync();
        await AddAsync("b");
        await AdvanceAsync(7200);
        (next.IsCompleted, Server.OpenWatches).Should().Be((false, 0));

        Faults.CutWatches();

        await FluentActions.Awaiting(() => next).Should().ThrowAsync<HttpIOException>();
    }

    [Fact]
    public async Task A_partition_fails_requests_and_breaks_watches_until_it_heals()
    {
        using var watch = await WatchAsync(client: Faulty);
        var next = watch.LineAsync();

        Faults.Partition();

        Faults.IsPartitioned.Should().BeTrue();
        await FluentActions.Awaiting(() => next).Should().ThrowAsync<HttpIOException>();
        (await ErrorOfAsync(() => AddAsync("a"))).Should().Be(HttpRequestError.ConnectionError);
        (await ErrorOfAsync(() => WatchAsync(client: Faulty))).Should().Be(HttpRequestError.ConnectionError);
        Faults.Heal();
        await AddAsync("a");
    }

    [Fact]
    public async Task A_silent_partition_lets_everything_hang_and_breaks_it_when_it_heals()
    {
        using var watch = await WatchAsync(client: Faulty);
        var next = watch.LineAsync();
        Faults.Partition(silent: true);
        var add = AddAsync("a");
        await CreateAsync(NewMap("b"));
        await AdvanceAsync(300);
        (next.IsCompleted, add.IsCompleted).Should().Be((false, false));

        Faults.Heal();

        await FluentActions.Awaiting(() => next).Should().ThrowAsync<HttpIOException>();
        (await ErrorOfAsync(() => add)).Should().Be(HttpRequestError.ResponseEnded);
        (await NamesAsync()).Should().Equal("b");
    }

    [Fact]
    public async Task An_answer_that_comes_into_a_partition_is_lost()
    {
        Faults.Inject(Fault.Delay(TimeSpan.FromSeconds(5), afterEffect: true));
        var add = AddAsync("a");
        await AdvanceAsync(1);

        Faults.Partition();
        await AdvanceAsync(5);

        (await ErrorOfAsync(() => add)).Should().Be(HttpRequestError.ResponseEnded);
        (await NamesAsync()).Should().Equal("a");
    }
}
