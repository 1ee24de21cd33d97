using Flink.Kubernetes.HA.KubeClient;

namespace Flink.Kubernetes.HA.Tests.KubeClient.Watching;

/// <summary>Promise P8: connections that end, break, hang or expire are resumed or listed anew.</summary>
public sealed class WatchResumeTests : WatchTestBase
{
    [Fact]
    public async Task A_clean_end_resumes_at_once_from_the_newest_version_without_a_list()
    {
        await using var subscription = Subscribe();
        var first = await Client.NextConnectionAsync();
        Assert.Equal("1", first.Options.ResourceVersion);
        first.Modified(ScriptedKubeClient.Item("5", "a"));
        first.Bookmark("9");
        first.End();

        var second = await Client.NextConnectionAsync();

        Assert.Equal("9", second.Options.ResourceVersion);
        Assert.Equal(1, Client.Lists);
        second.Modified(ScriptedKubeClient.Item("10", "b"));
        await Time.AdvanceAsync(TimeSpan.Zero, cancellationToken: Cancelled);
        Assert.Equal("b", Value(await NextAsync(subscription)));
    }

    [Fact]
    public async Task It_asks_the_server_to_end_each_connection_after_5_to_10_minutes_and_to_send_bookmarks()
    {
        await using var subscription = Subscribe();
        for (var round = 0; round < 20; round++)
        {
            var connection = await Client.NextConnectionAsync();
            Assert.InRange(connection.Options.Timeout!.Value, TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(10));
            Assert.True(connection.Options.AllowBookmarks);
            Assert.Equal("metadata.name=leader", connection.Options.FieldSelector);
            connection.Bookmark($"{round + 2}");
            connection.End();
        }
    }

    [Fact]
    public async Task A_deletion_is_resumed_from_its_own_version()
    {
        Client.HasState("1", ScriptedKubeClient.Item("1"));
        await using var subscription = Subscribe();
        var first = await Client.NextConnectionAsync();
        first.Deleted(ScriptedKubeClient.Item("7"));
        first.End();

        Assert.Equal("7", (await Client.NextConnectionAsync()).Options.ResourceVersion);
        Assert.Null((await NextAsync(subscription)).Object);
    }

    [Fact]
    public async Task Twenty_broken_connections_are_retried_with_a_growing_delay_up_to_a_cap_and_reset_by_success()
    {
        await using var subscription = Subscribe();
        var connection = await Client.NextConnectionAsync();
        for (var round = 1; round <= 20; round++)
        {
            var broke = Time.GetTimestamp();
            connection.Fail(KubeFailure.Unavailable);
            connection = await NextConnectionWithinAsync(TimeSpan.FromSeconds(10));
            var full = TimeSpan.FromMilliseconds(Math.Min(200 * Math.Pow(2, round - 1), 10_000));
            Assert.InRange(Time.GetElapsedTime(broke), full / 2, full);
            Assert.Equal("1", connection.Options.ResourceVersion);
        }

        Assert.Equal(1, Client.Lists);
        connection.Bookmark("2");
        await Time.AdvanceAsync(TimeSpan.Zero, cancellationToken: Cancelled);
        connection.Fail(KubeFailure.Unavailable);
        await NextConnectionWithinAsync(TimeSpan.FromMilliseconds(200));
    }

    [Fact]
    public async Task A_server_that_ends_every_connection_at_once_is_not_asked_in_a_tight_loop()
    {
        await using var subscription = Subscribe();
        (await Client.NextConnectionAsync()).End();
        (await Client.NextConnectionAsync()).End();

        var third = Client.NextConnectionAsync();
        await Time.AdvanceAsync(TimeSpan.FromMilliseconds(50), cancellationToken: Cancelled);
        Assert.False(third.IsCompleted);
        await Time.AdvanceAsync(TimeSpan.FromMilliseconds(200), cancellationToken: Cancelled);
        await third;
    }

    [Fact]
    public async Task A_connection_that_falls_silent_is_abandoned_and_the_state_is_read_anew()
    {
        Client.HasState("1", ScriptedKubeClient.Item("1", "a"));
        await using var subscription = Subscribe();
        var silent = await Client.NextConnectionAsync();
        Assert.Equal("a", Value(await NextAsync(subscription)));
        Client.HasState("8", ScriptedKubeClient.Item("8", "b"));

        var next = Client.NextConnectionAsync();
        await Time.AdvanceAsync(silent.Options.Timeout!.Value + TimeSpan.FromSeconds(29), cancellationToken: Cancelled);
        Assert.False(next.IsCompleted);
        await Time.AdvanceAsync(TimeSpan.FromSeconds(1), cancellationToken: Cancelled);

        Assert.Equal("8", (await next).Options.ResourceVersion);
        Assert.Equal("b", Value(await NextAsync(subscription)));
        Assert.Equal(1, Client.OpenConnections);
    }

    [Fact]
    public async Task A_server_restored_from_a_backup_that_watches_the_future_in_silence_is_noticed()
    {
        Client.HasState("900", ScriptedKubeClient.Item("900", "before"));
        await using var subscription = Subscribe();
        Assert.Equal("before", Value(await NextAsync(subscription)));
        Client.HasState("3", ScriptedKubeClient.Item("3", "restored"));
        var connection = await Client.NextConnectionAsync();

        await Time.AdvanceAsync(connection.Options.Timeout!.Value, cancellationToken: Cancelled);
        connection.End();

        Assert.Equal("3", (await Client.NextConnectionAsync()).Options.ResourceVersion);
        Assert.Equal("restored", Value(await NextAsync(subscription)));
    }

    [Fact]
    public async Task A_healthy_watch_sends_no_request_for_five_minutes()
    {
        await using var subscription = Subscribe();
        await Client.NextConnectionAsync();

        await Time.AdvanceAsync(TimeSpan.FromMinutes(5) - TimeSpan.FromTicks(1), cancellationToken: Cancelled);

        Assert.Equal((1, 1), (Client.Lists, Client.Watches));
    }
}
