namespace Flink.Kubernetes.HA.Tests.ConfigMaps.Watching;

/// <summary>Promise P8 for 410: what was missed is found by a list, deletions included.</summary>
public sealed class WatchExpiryTests : WatchTestBase
{
    [Fact]
    public async Task A_deletion_that_was_missed_is_found_after_410()
    {
        Server.HasState("1", ScriptedWatches.Item("1", "a"));
        await using var subscription = Subscribe();
        Value(await NextAsync(subscription)).Should().Be("a");
        Server.HasState("50");

        (await Server.NextConnectionAsync()).Expire();

        (await NextAsync(subscription)).ConfigMap.Should().BeNull();
        (await Server.NextConnectionAsync()).ResourceVersion.Should().Be("50");
        subscription.Failure.Should().BeNull();
    }

    [Fact]
    public async Task A_410_in_mid_stream_is_listed_again_too()
    {
        await using var subscription = Subscribe();
        (await NextAsync(subscription)).ConfigMap.Should().BeNull();
        Server.HasState("50", ScriptedWatches.Item("49", "b"));
        var connection = await Server.NextConnectionAsync();
        connection.Bookmark("2");
        connection.Expire();

        Value(await NextAsync(subscription)).Should().Be("b");
        Server.Lists.Should().Be(2);
    }

    [Fact]
    public async Task An_object_that_was_deleted_and_created_again_is_another_state()
    {
        Server.HasState("1", ScriptedWatches.Item("1", "same", uid: "one"));
        await using var subscription = Subscribe();
        (await NextAsync(subscription)).ConfigMap!.Uid.Should().Be("one");
        Server.HasState("50", ScriptedWatches.Item("1", "same", uid: "two"));

        (await Server.NextConnectionAsync()).Expire();

        (await NextAsync(subscription)).ConfigMap!.Uid.Should().Be("two");
    }

    [Fact]
    public async Task A_list_that_finds_the_same_state_is_no_news_and_keeps_the_old_timestamp()
    {
        Server.HasState("1", ScriptedWatches.Item("1", "a"));
        await using var subscription = Subscribe();
        var before = await NextAsync(subscription);
        var connection = await Server.NextConnectionAsync();
        await AdvanceAsync(TimeSpan.FromSeconds(20));
        connection.Expire();
        connection = await Server.NextConnectionAsync();

        subscription.Current.Should().BeSameAs(before);
        subscription.NextStateAsync(Canceled).IsCompleted.Should().BeFalse();
        Server.Lists.Should().Be(2);
    }

    [Fact]
    public async Task A_410_to_the_list_itself_is_listed_again()
    {
        Server.OnList = (number, _) =>
            Task.FromResult(number == 1 ? Answer.Status(410, "Expired") : ScriptedWatches.List("3", ScriptedWatches.Item("3", "a")));
        await using var subscription = Subscribe();

        Value(await NextAsync(subscription)).Should().Be("a");
    }

    [Fact]
    public async Task A_server_that_answers_410_to_everything_is_not_asked_in_a_tight_loop()
    {
        await using var subscription = Subscribe();
        (await Server.NextConnectionAsync()).Expire();
        (await Server.NextConnectionAsync()).Expire();

        var third = Server.NextConnectionAsync();
        await AdvanceAsync(TimeSpan.FromMilliseconds(50));
        third.IsCompleted.Should().BeFalse();
        await AdvanceAsync(TimeSpan.FromMilliseconds(200));
        await third;
    }
}
