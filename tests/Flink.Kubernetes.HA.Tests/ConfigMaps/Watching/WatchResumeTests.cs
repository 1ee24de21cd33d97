namespace Flink.Kubernetes.HA.Tests.ConfigMaps.Watching;

/// <summary>Promise P8: connections that end, break, hang or expire are resumed or listed again.</summary>
public sealed class WatchResumeTests : WatchTestBase
{
    [Fact]
    public async Task A_clean_end_resumes_at_once_from_the_newest_version_without_a_list()
    {
        await using var subscription = Subscribe();
        var first = await Server.NextConnectionAsync();
        first.ResourceVersion.Should().Be("1");
        first.Modified(ScriptedWatches.Item("5", "a"));
        first.Bookmark("9");
        first.End();

        var second = await Server.NextConnectionAsync();

        second.ResourceVersion.Should().Be("9");
        Server.Lists.Should().Be(1);
        second.Modified(ScriptedWatches.Item("10", "b"));
        await AdvanceAsync(TimeSpan.Zero);
        Value(await NextAsync(subscription)).Should().Be("b");
    }

    [Fact]
    public async Task It_asks_the_server_to_end_each_connection_after_5_to_10_minutes_and_to_send_bookmarks()
    {
        await using var subscription = Subscribe();
        for (var round = 0; round < 20; round++)
        {
            var connection = await Server.NextConnectionAsync();
            connection.Timeout
                .Should().BeGreaterThanOrEqualTo(TimeSpan.FromMinutes(5)).And.BeLessThanOrEqualTo(TimeSpan.FromMinutes(10));
            connection.Query.Should().Contain("allowWatchBookmarks=true");
            connection.Bookmark($"{round + 2}");
            connection.End();
        }
    }

    [Fact]
    public async Task A_deletion_is_resumed_from_its_own_version()
    {
        Server.HasState("1", ScriptedWatches.Item("1"));
        await using var subscription = Subscribe();
        var first = await Server.NextConnectionAsync();
        first.Deleted(ScriptedWatches.Item("7"));
        first.End();

        (await Server.NextConnectionAsync()).ResourceVersion.Should().Be("7");
        (await NextAsync(subscription)).ConfigMap.Should().BeNull();
    }

    [Fact]
    public async Task Twenty_broken_connections_are_retried_with_a_growing_delay_up_to_a_cap_and_reset_by_success()
    {
        await using var subscription = Subscribe();
        var connection = await Server.NextConnectionAsync();
        for (var round = 1; round <= 20; round++)
        {
            var broke = Time.GetTimestamp();
            connection.Break();
            connection = await NextConnectionWithinAsync(TimeSpan.FromSeconds(10));
            var full = TimeSpan.FromMilliseconds(Math.Min(200 * Math.Pow(2, round - 1), 10_000));
            Time.GetElapsedTime(broke).Should().BeGreaterThanOrEqualTo(full / 2).And.BeLessThanOrEqualTo(full);
            connection.ResourceVersion.Should().Be("1");
        }

        Server.Lists.Should().Be(1);
        connection.Bookmark("2");
        await AdvanceAsync(TimeSpan.Zero);
        connection.Break();
        await NextConnectionWithinAsync(TimeSpan.FromMilliseconds(200));
    }

    [Fact]
    public async Task A_server_that_ends_every_connection_at_once_is_not_asked_in_a_tight_loop()
    {
        await using var subscription = Subscribe();
        (await Server.NextConnectionAsync()).End();
        (await Server.NextConnectionAsync()).End();

        var third = Server.NextConnectionAsync();
        await AdvanceAsync(TimeSpan.FromMilliseconds(50));
        third.IsCompleted.Should().BeFalse();
        await AdvanceAsync(TimeSpan.FromMilliseconds(200));
        await third;
    }

    [Fact]
    public async Task A_connection_that_falls_silent_is_abandoned_and_the_state_is_read_again()
    {
        Server.HasState("1", ScriptedWatches.Item("1", "a"));
        await using var subscription = Subscribe();
        var silent = await Server.NextConnectionAsync();
        Value(await NextAsync(subscription)).Should().Be("a");
        Server.HasState("8", ScriptedWatches.Item("8", "b"));

        var next = Server.NextConnectionAsync();
        await AdvanceAsync(silent.Timeout + TimeSpan.FromSeconds(29));
        next.IsCompleted.Should().BeFalse();
        await AdvanceAsync(TimeSpan.FromSeconds(1));

        (await next).ResourceVersion.Should().Be("8");
        Value(await NextAsync(subscription)).Should().Be("b");
        Server.OpenConnections.Should().Be(1);
    }

    [Fact]
    public async Task A_server_restored_from_a_backup_that_watches_the_future_in_silence_is_noticed()
    {
        Server.HasState("900", ScriptedWatches.Item("900", "before"));
        await using var subscription = Subscribe();
        Value(await NextAsync(subscription)).Should().Be("before");
        Server.HasState("3", ScriptedWatches.Item("3", "restored"));
        var connection = await Server.NextConnectionAsync();

        await AdvanceAsync(connection.Timeout);
        connection.End();

        (await Server.NextConnectionAsync()).ResourceVersion.Should().Be("3");
        Value(await NextAsync(subscription)).Should().Be("restored");
    }

    [Fact]
    public async Task A_healthy_watch_sends_no_request_for_five_minutes()
    {
        await using var subscription = Subscribe();
        await Server.NextConnectionAsync();

        await AdvanceAsync(TimeSpan.FromMinutes(5) - TimeSpan.FromTicks(1));

        (Server.Lists, Server.Watches).Should().Be((1, 1));
    }
}
