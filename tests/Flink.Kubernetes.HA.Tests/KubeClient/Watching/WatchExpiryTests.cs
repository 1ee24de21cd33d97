using Flink.Kubernetes.HA.KubeClient;

namespace Flink.Kubernetes.HA.Tests.KubeClient.Watching;

/// <summary>Promise P8 for 410: what was missed is found by a list, deletions included.</summary>
public sealed class WatchExpiryTests : WatchTestBase
{
    [Fact]
    public async Task A_deletion_that_was_missed_is_told_after_410()
    {
        Client.HasState("1", ScriptedKubeClient.Item("1", "a"));
        await using var subscription = Subscribe();
        Assert.Equal("a", Value(await NextAsync(subscription)));
        Client.HasState("50");

        (await Client.NextConnectionAsync()).Fail(KubeFailure.Gone);

        Assert.Null((await NextAsync(subscription)).Object);
        Assert.Equal("50", (await Client.NextConnectionAsync()).Options.ResourceVersion);
        Assert.Null(subscription.Failure);
    }

    [Fact]
    public async Task A_410_in_mid_stream_is_listed_anew_too()
    {
        await using var subscription = Subscribe();
        Assert.Null((await NextAsync(subscription)).Object);
        Client.HasState("50", ScriptedKubeClient.Item("49", "b"));
        var connection = await Client.NextConnectionAsync();
        connection.Bookmark("2");
        connection.Fail(KubeFailure.Gone);

        Assert.Equal("b", Value(await NextAsync(subscription)));
        Assert.Equal(2, Client.Lists);
    }

    [Fact]
    public async Task An_object_that_was_deleted_and_created_anew_is_another_state()
    {
        Client.HasState("1", ScriptedKubeClient.Item("1", "same", uid: "one"));
        await using var subscription = Subscribe();
        Assert.Equal("one", (await NextAsync(subscription)).Object!.Metadata.Uid);
        Client.HasState("50", ScriptedKubeClient.Item("1", "same", uid: "two"));

        (await Client.NextConnectionAsync()).Fail(KubeFailure.Gone);

        Assert.Equal("two", (await NextAsync(subscription)).Object!.Metadata.Uid);
    }

    [Fact]
    public async Task A_list_that_finds_the_same_state_is_no_news_and_keeps_the_old_timestamp()
    {
        Client.HasState("1", ScriptedKubeClient.Item("1", "a"));
        await using var subscription = Subscribe();
        var before = await NextAsync(subscription);
        var connection = await Client.NextConnectionAsync();
        await Time.AdvanceAsync(TimeSpan.FromSeconds(20), cancellationToken: Cancelled);
        connection.Fail(KubeFailure.Gone);
        connection = await Client.NextConnectionAsync();

        Assert.Same(before, subscription.Current);
        Assert.False(subscription.NextAsync(Cancelled).AsTask().IsCompleted);
        Assert.Equal(2, Client.Lists);
    }

    [Fact]
    public async Task A_410_to_the_list_itself_is_listed_again()
    {
        Client.OnList = (number, _) => number == 1
            ? throw new KubeClientException(KubeFailure.Gone, "Scripted: the continue token has expired.")
            : Task.FromResult(new KubeList<ConfigMap>([ScriptedKubeClient.Item("3", "a")], "3"));
        await using var subscription = Subscribe();

        Assert.Equal("a", Value(await NextAsync(subscription)));
    }

    [Fact]
    public async Task A_server_that_answers_410_to_everything_is_not_asked_in_a_tight_loop()
    {
        await using var subscription = Subscribe();
        (await Client.NextConnectionAsync()).Fail(KubeFailure.Gone);
        (await Client.NextConnectionAsync()).Fail(KubeFailure.Gone);

        var third = Client.NextConnectionAsync();
        await Time.AdvanceAsync(TimeSpan.FromMilliseconds(50), cancellationToken: Cancelled);
        Assert.False(third.IsCompleted);
        await Time.AdvanceAsync(TimeSpan.FromMilliseconds(200), cancellationToken: Cancelled);
        await third;
    }
}
