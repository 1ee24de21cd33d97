using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.Testing;
using Xunit;

namespace Flink.Kubernetes.HA.Tests.Testing;

public sealed class FaultInjectingKubeClientTests : InMemoryCluster
{
    private readonly FaultInjectingKubeClient _faulty;

    public FaultInjectingKubeClientTests() => _faulty = new FaultInjectingKubeClient(Client, Time);

    [Fact]
    public async Task A_rule_strikes_the_calls_that_it_is_about_and_as_often_as_it_says()
    {
        _faulty.Inject(FaultRule.Fail(KubeFailure.Conflict) with { Verb = "create", Name = "b", After = 1, Times = 1 });
        await AddAsync("a");
        await AddAsync("b");
        Assert.Equal(KubeFailure.Conflict, (await FailureOfAsync(() => AddAsync("b"))).Failure);
        Assert.Equal(KubeFailure.AlreadyExists, (await FailureOfAsync(() => AddAsync("b"))).Failure);
        Assert.Equal((4, 3), (_faulty.CountCalls("create"), _faulty.CountCalls("create", "configmaps", "b")));
        Assert.Equal(3, Server.Requests.Count);
    }

    [Fact]
    public async Task A_withdrawn_rule_strikes_no_more()
    {
        using (_faulty.Inject(FaultRule.Fail()))
        {
            var failure = await FailureOfAsync(() => AddAsync("a"));
            Assert.Equal((KubeFailure.Unavailable, false), (failure.Failure, failure.IsOutcomeUnknown));
        }

        await AddAsync("a");
    }

    [Fact]
    public async Task A_lost_request_has_no_effect_and_a_lost_response_has_but_neither_can_be_told()
    {
        _faulty.Inject(FaultRule.LoseRequest() with { Name = "a" });
        _faulty.Inject(FaultRule.LoseResponse() with { Name = "b" });
        Assert.True((await FailureOfAsync(() => AddAsync("a"))).IsOutcomeUnknown);
        Assert.True((await FailureOfAsync(() => AddAsync("b"))).IsOutcomeUnknown);
        Assert.False((await FailureOfAsync(() => _faulty.GetAsync(KubeResources.ConfigMaps, Key, Cancellation))).IsOutcomeUnknown);
        Assert.Equal(["b"], await NamesAsync());
    }

    [Fact]
    public async Task A_late_delivery_takes_effect_after_its_caller_gave_up()
    {
        _faulty.Inject(FaultRule.DeliverLate(TimeSpan.FromSeconds(5)));
        Assert.True((await FailureOfAsync(() => AddAsync("a"))).IsOutcomeUnknown);
        await Time.AdvanceAsync(TimeSpan.FromSeconds(4), cancellationToken: Cancellation);
        Assert.Empty(await NamesAsync());
        await Time.AdvanceAsync(TimeSpan.FromSeconds(1), cancellationToken: Cancellation);
        Assert.Equal(["a"], await NamesAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_delay_holds_up_the_effect_or_the_answer(bool afterEffect)
    {
        _faulty.Inject(FaultRule.Delay(TimeSpan.FromSeconds(5), afterEffect));
        var add = AddAsync("a");
        await Time.AdvanceAsync(TimeSpan.FromSeconds(4), cancellationToken: Cancellation);
        Assert.Equal(afterEffect ? 1 : 0, (await NamesAsync()).Count);
        Assert.False(add.IsCompleted);
        await Time.AdvanceAsync(TimeSpan.FromSeconds(1), cancellationToken: Cancellation);
        await add;
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_hanging_call_ends_when_it_is_cancelled(bool afterEffect)
    {
        _faulty.Inject(FaultRule.Hang(afterEffect));
        using var source = new CancellationTokenSource();
        var add = _faulty.CreateAsync(KubeResources.ConfigMaps, NewMap(), source.Token);
        await Time.AdvanceAsync(TimeSpan.FromHours(1), cancellationToken: Cancellation);
        Assert.False(add.IsCompleted);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => add);
        Assert.Equal(afterEffect ? 1 : 0, (await NamesAsync()).Count);
    }

    [Fact]
    public async Task A_watch_can_be_cut_after_some_events_or_expire_at_once()
    {
        await AddAsync("a");
        await AddAsync("b");
        _faulty.Inject(FaultRule.CutWatch(afterEvents: 1) with { Times = 1 });
        _faulty.Inject(FaultRule.ExpireWatch() with { Times = 1 });
        await using var cut = Watch(client: _faulty);
        await cut.NextAsync();
        Assert.Equal(KubeFailure.Unavailable, (await FailureOfAsync(cut.MoveAsync)).Failure);
        await using var expired = Watch(client: _faulty);
        Assert.Equal(KubeFailure.Gone, (await FailureOfAsync(expired.MoveAsync)).Failure);
        await using var whole = Watch(client: _faulty);
        Assert.Equal((WatchEventType.Added, "a"), await whole.NextAsync());
    }

    [Fact]
    public async Task A_silent_watch_swallows_events_and_its_end_until_it_is_cut()
    {
        await using var watch = Watch(client: _faulty);
        var first = watch.NextAsync();
        await Time.AdvanceAsync(TimeSpan.Zero, cancellationToken: Cancellation);
        await AddAsync("a");
        Assert.Equal("a", (await first).Name);
        _faulty.SilenceWatches();
        var next = watch.MoveAsync();
        await AddAsync("b");
        await Time.AdvanceAsync(TimeSpan.FromHours(2), cancellationToken: Cancellation);
        Assert.False(next.IsCompleted);
        Assert.Equal(0, Server.OpenWatches);
        _faulty.CutWatches();
        Assert.Equal(KubeFailure.Unavailable, (await FailureOfAsync(() => next)).Failure);
    }

    [Fact]
    public async Task A_partition_fails_calls_and_breaks_watches_until_it_heals()
    {
        await using var watch = Watch(client: _faulty);
        var next = watch.MoveAsync();
        await Time.AdvanceAsync(TimeSpan.Zero, cancellationToken: Cancellation);
        _faulty.Partition();
        Assert.Equal(KubeFailure.Unavailable, (await FailureOfAsync(() => next)).Failure);
        Assert.False((await FailureOfAsync(() => AddAsync("a"))).IsOutcomeUnknown);
        await using var refused = Watch(client: _faulty);
        Assert.Equal(KubeFailure.Unavailable, (await FailureOfAsync(refused.MoveAsync)).Failure);
        _faulty.Heal();
        await AddAsync("a");
    }

    [Fact]
    public async Task A_silent_partition_lets_everything_hang_and_breaks_it_when_it_heals()
    {
        await using var watch = Watch(client: _faulty);
        var next = watch.MoveAsync();
        await Time.AdvanceAsync(TimeSpan.Zero, cancellationToken: Cancellation);
        _faulty.Partition(silent: true);
        var add = AddAsync("a");
        await CreateAsync(NewMap("b"));
        await Time.AdvanceAsync(TimeSpan.FromMinutes(5), cancellationToken: Cancellation);
        Assert.False(next.IsCompleted || add.IsCompleted);
        _faulty.Heal();
        Assert.Equal(KubeFailure.Unavailable, (await FailureOfAsync(() => next)).Failure);
        Assert.True((await FailureOfAsync(() => add)).IsOutcomeUnknown);
        Assert.Equal(["b"], await NamesAsync());
    }

    private Task AddAsync(string name) => _faulty.CreateAsync(KubeResources.ConfigMaps, NewMap(name), Cancellation);

    private async Task<List<string?>> NamesAsync() =>
        [.. (await Client.ListAsync(KubeResources.ConfigMaps, "default", null, Cancellation)).Items.Select(i => i.Metadata.Name)];
}
