using Flink.Kubernetes.HA.KubeClient;

namespace Flink.Kubernetes.HA.Tests.KubeClient.Watching;

/// <summary>What one subscriber is given, and how subscribers share a watch.</summary>
public sealed class WatchSubscriptionTests : WatchTestBase
{
    [Fact]
    public async Task A_slow_subscriber_is_given_the_last_of_30_quick_updates_and_values_only_grow()
    {
        await using var slow = Subscribe();
        await using var quick = Subscribe();
        var connection = await Client.NextConnectionAsync();
        await NextAsync(slow);
        await NextAsync(quick);
        var seen = new List<int>();
        for (var value = 1; value <= 30; value++)
        {
            connection.Modified(ScriptedKubeClient.Item($"{value + 1}", $"{value}"));
            Assert.Equal($"{value}", Value(await NextAsync(quick)));
            if (value % 7 == 0)
            {
                seen.Add(int.Parse(Value(await NextAsync(slow))!, null));
            }
        }

        seen.Add(int.Parse(Value(await NextAsync(slow))!, null));
        Assert.Equal([7, 14, 21, 28, 30], seen);
        Assert.False(slow.NextAsync(Cancelled).AsTask().IsCompleted);
    }

    [Fact]
    public async Task A_late_subscriber_is_given_the_current_state_at_once()
    {
        Client.HasState("1", ScriptedKubeClient.Item("1", "a"));
        await using var early = Subscribe();
        var state = await NextAsync(early);

        await using var late = Subscribe();
        var next = late.NextAsync(Cancelled).AsTask();

        Assert.True(next.IsCompletedSuccessfully);
        Assert.Same(state, await next);
    }

    [Fact]
    public async Task The_timestamp_is_when_the_state_arrived()
    {
        await using var subscription = Subscribe();
        await NextAsync(subscription);
        var connection = await Client.NextConnectionAsync();
        await Time.AdvanceAsync(TimeSpan.FromSeconds(3), cancellationToken: Cancelled);
        connection.Modified(ScriptedKubeClient.Item("2", "a"));
        var arrived = Time.GetTimestamp();
        await Time.AdvanceAsync(TimeSpan.FromSeconds(3), cancellationToken: Cancelled);

        Assert.Equal(arrived, (await NextAsync(subscription)).Timestamp);
    }

    [Fact]
    public async Task An_event_of_another_object_is_not_taken_for_ours()
    {
        await using var subscription = Subscribe();
        await NextAsync(subscription);
        var connection = await Client.NextConnectionAsync();
        connection.Modified(ScriptedKubeClient.Item("2", "foreign", name: "leader-2"));
        connection.Modified(ScriptedKubeClient.Item("3", "ours"));

        Assert.Equal("ours", Value(await NextAsync(subscription)));
    }

    [Fact]
    public async Task Many_subscribers_share_one_watch_and_the_last_to_go_stops_it()
    {
        var subscriptions = Enumerable.Range(0, 100).Select(_ => Subscribe()).ToList();
        await Client.NextConnectionAsync();
        foreach (var subscription in subscriptions.Skip(1))
        {
            await NextAsync(subscription);
            await subscription.DisposeAsync();
        }

        Assert.Equal((1, 1, 1), (Client.Lists, Client.Watches, Client.OpenConnections));
        await subscriptions[0].DisposeAsync();
        Assert.Equal(0, Client.OpenConnections);

        await using var again = Subscribe();
        await NextAsync(again);
        Assert.Equal(2, Client.Lists);
    }

    [Fact]
    public async Task Disposing_twice_counts_once()
    {
        await using var stays = Subscribe();
        var goes = Subscribe();
        await Client.NextConnectionAsync();
        await goes.DisposeAsync();
        await goes.DisposeAsync();

        Assert.Equal(1, Client.OpenConnections);
    }

    [Fact]
    public async Task A_cancelled_read_loses_nothing()
    {
        await using var subscription = Subscribe();
        await NextAsync(subscription);
        var connection = await Client.NextConnectionAsync();
        using var impatient = new CancellationTokenSource();
        var cancelled = subscription.NextAsync(impatient.Token).AsTask();
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        connection.Modified(ScriptedKubeClient.Item("2", "a"));

        Assert.Equal("a", Value(await NextAsync(subscription)));
    }

    [Fact]
    public async Task Two_reads_at_once_are_refused()
    {
        await using var subscription = Subscribe();
        await NextAsync(subscription);
        _ = subscription.NextAsync(Cancelled).AsTask();

        await Assert.ThrowsAsync<InvalidOperationException>(() => subscription.NextAsync(Cancelled).AsTask());
    }

    [Fact]
    public async Task Disposal_ends_a_waiting_read_also_while_the_first_list_hangs()
    {
        Client.OnList = async (_, cancellationToken) =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, Time, cancellationToken);
            throw new InvalidOperationException("Not reached.");
        };
        var subscription = Subscribe();
        var next = subscription.NextAsync(Cancelled).AsTask();

        await subscription.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => next);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => subscription.NextFailureAsync(Cancelled).AsTask());
    }

    [Fact]
    public async Task Disposal_of_all_watches_ends_reads_connections_and_delays()
    {
        var subscription = Subscribe();
        var next = subscription.NextFailureAsync(Cancelled).AsTask();
        (await Client.NextConnectionAsync()).Fail(KubeFailure.Unavailable);
        await Time.AdvanceAsync(TimeSpan.Zero, cancellationToken: Cancelled);

        await Watches.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => next);
        Assert.Equal(0, Client.OpenConnections);
        Assert.Equal(0, Time.ArmedTimers);
        Assert.Throws<ObjectDisposedException>(() => Subscribe());
        await subscription.DisposeAsync();
    }
}
