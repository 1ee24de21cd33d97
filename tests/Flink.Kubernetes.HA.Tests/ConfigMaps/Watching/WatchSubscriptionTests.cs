namespace Flink.Kubernetes.HA.Tests.ConfigMaps.Watching;

/// <summary>What one subscriber receives, and how subscribers share a watch.</summary>
public sealed class WatchSubscriptionTests : WatchTestBase
{
    [Fact]
    public async Task A_slow_subscriber_is_given_the_last_of_30_quick_updates_and_values_only_grow()
    {
        await using var slow = Subscribe();
        await using var quick = Subscribe();
        var connection = await Server.NextConnectionAsync();
        await NextAsync(slow);
        await NextAsync(quick);
        var seen = new List<int>();
        for (var value = 1; value <= 30; value++)
        {
            connection.Modified(ScriptedWatches.Item($"{value + 1}", $"{value}"));
            Value(await NextAsync(quick)).Should().Be($"{value}");
            if (value % 7 == 0)
            {
                seen.Add(int.Parse(Value(await NextAsync(slow))!, null));
            }
        }

        seen.Add(int.Parse(Value(await NextAsync(slow))!, null));
        seen.Should().Equal(7, 14, 21, 28, 30);
        slow.NextAsync(Canceled).AsTask().IsCompleted.Should().BeFalse();
    }

    [Fact]
    public async Task A_late_subscriber_is_given_the_current_state_at_once()
    {
        Server.HasState("1", ScriptedWatches.Item("1", "a"));
        await using var early = Subscribe();
        var state = await NextAsync(early);

        await using var late = Subscribe();
        var next = late.NextStateAsync(Canceled);

        next.IsCompletedSuccessfully.Should().BeTrue();
        (await next).Should().BeSameAs(state);
    }

    [Fact]
    public async Task The_timestamp_is_when_the_state_arrived()
    {
        await using var subscription = Subscribe();
        await NextAsync(subscription);
        var connection = await Server.NextConnectionAsync();
        await AdvanceAsync(TimeSpan.FromSeconds(3));
        connection.Modified(ScriptedWatches.Item("2", "a"));
        var arrived = Time.GetTimestamp();
        await AdvanceAsync(TimeSpan.FromSeconds(3));

        (await NextAsync(subscription)).Timestamp.Should().Be(arrived);
    }

    [Fact]
    public async Task An_event_of_another_object_is_not_taken_for_ours()
    {
        await using var subscription = Subscribe();
        await NextAsync(subscription);
        var connection = await Server.NextConnectionAsync();
        connection.Modified(ScriptedWatches.Item("2", "foreign", name: "leader-2"));
        connection.Modified(ScriptedWatches.Item("3", "ours"));

        Value(await NextAsync(subscription)).Should().Be("ours");
    }

    [Fact]
    public async Task Many_subscribers_share_one_watch_and_the_last_to_go_stops_it()
    {
        var subscriptions = Enumerable.Range(0, 100).Select(_ => Subscribe()).ToList();
        await Server.NextConnectionAsync();
        foreach (var subscription in subscriptions.Skip(1))
        {
            await NextAsync(subscription);
            await subscription.DisposeAsync();
        }

        (Server.Lists, Server.Watches, Server.OpenConnections).Should().Be((1, 1, 1));
        await subscriptions[0].DisposeAsync();
        Server.OpenConnections.Should().Be(0);

        await using var again = Subscribe();
        await NextAsync(again);
        Server.Lists.Should().Be(2);
    }

    [Fact]
    public async Task Disposing_twice_counts_once()
    {
        await using var stays = Subscribe();
        var goes = Subscribe();
        await Server.NextConnectionAsync();
        await goes.DisposeAsync();
        await goes.DisposeAsync();

        Server.OpenConnections.Should().Be(1);
    }

    [Fact]
    public async Task A_canceled_read_loses_nothing()
    {
        await using var subscription = Subscribe();
        await NextAsync(subscription);
        var connection = await Server.NextConnectionAsync();
        using var impatient = new CancellationTokenSource();
        var canceled = subscription.NextAsync(impatient.Token).AsTask();
        await impatient.CancelAsync();
        await Awaiting(() => canceled).Should().ThrowAsync<OperationCanceledException>();
        connection.Modified(ScriptedWatches.Item("2", "a"));

        Value(await NextAsync(subscription)).Should().Be("a");
    }

    [Fact]
    public async Task Two_reads_at_once_are_refused()
    {
        await using var subscription = Subscribe();
        await NextAsync(subscription);
        _ = subscription.NextStateAsync(Canceled);

        await Awaiting(() => subscription.NextStateAsync(Canceled)).Should().ThrowExactlyAsync<InvalidOperationException>();
    }

    [Fact]
    public async Task Disposal_ends_a_waiting_read_also_while_the_first_list_hangs()
    {
        Server.OnList = async (_, cancellationToken) =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, Time, cancellationToken);
            throw new InvalidOperationException("Not reached.");
        };
        var subscription = Subscribe();
        var next = subscription.NextStateAsync(Canceled);

        await subscription.DisposeAsync();

        await Awaiting(() => next).Should().ThrowExactlyAsync<ObjectDisposedException>();
        await Awaiting(() => subscription.NextFailureAsync(Canceled)).Should().ThrowExactlyAsync<ObjectDisposedException>();
    }

    [Fact]
    public async Task Disposal_of_all_watches_ends_reads_connections_and_delays()
    {
        var subscription = Subscribe();
        var next = subscription.NextFailureAsync(Canceled);
        (await Server.NextConnectionAsync()).Break();
        await AdvanceAsync(TimeSpan.Zero);

        await Watches.DisposeAsync();

        await Awaiting(() => next).Should().ThrowExactlyAsync<ObjectDisposedException>();
        Server.OpenConnections.Should().Be(0);
        Time.ArmedTimers.Should().Be(0);
        Invoking(() => Subscribe()).Should().ThrowExactly<ObjectDisposedException>();
        await subscription.DisposeAsync();
    }
}
