namespace Flink.Kubernetes.HA.Tests.LeaderRetrieval;

/// <summary>The stream of leaders.</summary>
public sealed class WatchAsyncTests : RetrievalTestBase
{
    [Fact]
    public async Task It_yields_the_current_leader_then_changes_and_null_for_none()
    {
        await HasLeaderAsync("http://one");
        await using var retrieval = CreateRetrieval();
        await using var leaders = retrieval.WatchAsync(Cancelled).GetAsyncEnumerator(Cancelled);

        Assert.Equal(Leader("http://one"), await NextAsync(leaders));
        await PutAsync(Lock(string.Empty), Term("one", "http://one"));
        Assert.Null(await NextAsync(leaders));
        await HasLeaderAsync("http://two");
        Assert.Equal(Leader("http://two"), await NextAsync(leaders));
    }

    [Fact]
    public async Task A_late_or_slow_reader_is_given_the_latest_leader_only()
    {
        await HasLeaderAsync("http://0");
        await using var retrieval = CreateRetrieval();
        await using var slow = retrieval.WatchAsync(Cancelled).GetAsyncEnumerator(Cancelled);
        Assert.Equal(Leader("http://0"), await NextAsync(slow));
        for (var change = 1; change <= 30; change++)
        {
            await HasLeaderAsync($"http://{change}");
        }

        await SettleAsync();
        await using var late = retrieval.WatchAsync(Cancelled).GetAsyncEnumerator(Cancelled);
        Assert.Equal(Leader("http://30"), await NextAsync(slow));
        Assert.Equal(Leader("http://30"), await NextAsync(late));
    }

    [Fact]
    public async Task A_leader_that_left_and_came_back_while_nobody_looked_is_no_news()
    {
        await HasLeaderAsync("http://one");
        await using var retrieval = CreateRetrieval();
        await using var leaders = retrieval.WatchAsync(Cancelled).GetAsyncEnumerator(Cancelled);
        await NextAsync(leaders);
        await PutAsync(null, null);
        await SettleAsync();
        Assert.Null(retrieval.Current);
        await HasLeaderAsync("http://one");
        await SettleAsync();

        var next = leaders.MoveNextAsync().AsTask();
        await SettleAsync();
        Assert.False(next.IsCompleted);
        await HasLeaderAsync("http://two");
        Assert.True(await next.WaitAsync(TimeSpan.FromSeconds(30), Cancelled));
        Assert.Equal(Leader("http://two"), leaders.Current);
    }

    [Fact]
    public async Task Its_token_ends_it()
    {
        await using var retrieval = CreateRetrieval();
        using var stop = new CancellationTokenSource();
        await using var leaders = retrieval.WatchAsync(stop.Token).GetAsyncEnumerator(Cancelled);
        await NextAsync(leaders);
        var next = leaders.MoveNextAsync().AsTask();

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next);
    }

    [Fact]
    public async Task Disposal_of_the_service_ends_it()
    {
        var retrieval = CreateRetrieval();
        await using var leaders = retrieval.WatchAsync(Cancelled).GetAsyncEnumerator(Cancelled);
        await NextAsync(leaders);
        var next = leaders.MoveNextAsync().AsTask();

        await retrieval.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => next);
        await using var late = retrieval.WatchAsync(Cancelled).GetAsyncEnumerator(Cancelled);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => late.MoveNextAsync().AsTask());
    }

    private static async Task<LeaderInformation?> NextAsync(IAsyncEnumerator<LeaderInformation?> leaders)
    {
        Assert.True(await leaders.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30), Cancelled));
        return leaders.Current;
    }
}
