namespace Flink.Kubernetes.HA.Tests.LeaderRetrieval;

/// <summary>The stream of leaders.</summary>
public sealed class WatchAsyncTests : RetrievalTests
{
    [Fact]
    public async Task It_yields_the_current_leader_then_changes_and_null_for_none()
    {
        await HasLeaderAsync("http://one");
        await using var leaders = Retrieval.WatchAsync(HaWorld.Token).GetAsyncEnumerator(HaWorld.Token);

        (await NextAsync(leaders)).Should().Be(Leader("http://one"));
        await PutAsync(Lock(string.Empty), Term("one", "http://one"));
        (await NextAsync(leaders)).Should().BeNull();
        await HasLeaderAsync("http://two");
        (await NextAsync(leaders)).Should().Be(Leader("http://two"));
    }

    [Fact]
    public async Task A_late_or_slow_reader_is_given_the_latest_leader_only()
    {
        await HasLeaderAsync("http://0");
        await using var slow = Retrieval.WatchAsync(HaWorld.Token).GetAsyncEnumerator(HaWorld.Token);
        (await NextAsync(slow)).Should().Be(Leader("http://0"));
        for (var change = 1; change <= 30; change++)
        {
            await HasLeaderAsync($"http://{change}");
        }

        await SettleAsync();
        await using var late = Retrieval.WatchAsync(HaWorld.Token).GetAsyncEnumerator(HaWorld.Token);
        (await NextAsync(slow)).Should().Be(Leader("http://30"));
        (await NextAsync(late)).Should().Be(Leader("http://30"));
    }

    [Fact]
    public async Task A_leader_that_left_and_came_back_while_nobody_looked_is_no_news()
    {
        await HasLeaderAsync("http://one");
        await using var leaders = Retrieval.WatchAsync(HaWorld.Token).GetAsyncEnumerator(HaWorld.Token);
        await NextAsync(leaders);
        await PutAsync(null, null);
        await SettleAsync();
        Retrieval.Current.Should().BeNull();
        await HasLeaderAsync("http://one");
        await SettleAsync();

        var next = leaders.MoveNextAsync().AsTask();
        await SettleAsync();
        next.IsCompleted.Should().BeFalse();
        await HasLeaderAsync("http://two");
        (await next.WaitAsync(TimeSpan.FromSeconds(30), HaWorld.Token)).Should().BeTrue();
        leaders.Current.Should().Be(Leader("http://two"));
    }

    [Fact]
    public async Task Its_token_ends_it()
    {
        using var stop = new CancellationTokenSource();
        await using var leaders = Retrieval.WatchAsync(stop.Token).GetAsyncEnumerator(HaWorld.Token);
        await NextAsync(leaders);
        var next = leaders.MoveNextAsync().AsTask();

        await stop.CancelAsync();

        await Awaiting(() => next).Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact]
    public async Task Disposal_of_the_service_ends_it()
    {
        await using var leaders = Retrieval.WatchAsync(HaWorld.Token).GetAsyncEnumerator(HaWorld.Token);
        await NextAsync(leaders);
        var next = leaders.MoveNextAsync().AsTask();

        await Retrieval.DisposeAsync();

        await Awaiting(() => next).Should().ThrowExactlyAsync<ObjectDisposedException>();
        await using var late = Retrieval.WatchAsync(HaWorld.Token).GetAsyncEnumerator(HaWorld.Token);
        await Awaiting(() => late.MoveNextAsync().AsTask()).Should().ThrowExactlyAsync<ObjectDisposedException>();
    }

    private static async Task<LeaderInformation?> NextAsync(IAsyncEnumerator<LeaderInformation?> leaders)
    {
        (await leaders.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30), HaWorld.Token)).Should().BeTrue();
        return leaders.Current;
    }
}
