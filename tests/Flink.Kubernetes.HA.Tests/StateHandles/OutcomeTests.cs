namespace Flink.Kubernetes.HA.Tests.StateHandles;

/// <summary>Written, not written, unknown: and how the last becomes one of the others (promise P5).</summary>
public sealed class OutcomeTests() : WorldTest(HaWorld.WithStoreAsync)
{
    [Fact]
    public async Task An_entry_found_to_be_written_costs_one_read()
    {
        World.Server.ClearRequests();
        World.Network.Inject(Fault.LoseResponse() with { Verb = "patch", Times = 1 });

        await World.AddAsync("1", "one");

        World.Server.Requests.Select(request => request.Verb).Should().Equal("patch", "get");
        World.Leader.Logs.Count(650).Should().Be(1);
        await World.AssertEntriesAsync("1=one");
    }

    [Fact]
    public async Task A_write_that_is_under_way_is_made_harmless_by_renewing_the_lock()
    {
        World.Network.Inject(Fault.DeliverLate(TimeSpan.FromSeconds(1)) with { Verb = "patch", Times = 1 });
        var start = World.Time.GetTimestamp();

        var handle = await World.AddAsync("1", "one");

        World.Time.GetElapsedTime(start).Should().BeLessThan(TimeSpan.FromSeconds(1), "it does not wait for what is late");
        (await World.RemoveAsync(handle)).Should().BeTrue();

        // If the first could still take effect, the entry would be there again, without its data.
        await World.AdvanceAsync(TimeSpan.FromSeconds(5));
        await World.AssertEntriesAsync();
        (await World.ValueAsync("item-1")).Should().BeNull();
    }

    [Fact]
    public async Task A_canceled_write_is_settled_before_the_next()
    {
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(Token);
        World.Network.Inject(Fault.DeliverLate(TimeSpan.FromSeconds(5)) with { Verb = "patch", Times = 1 });
        using (World.Network.Inject(Fault.NotConnected() with { Verb = "get" }))
        {
            var add = Task.Run(() => World.Store.AddAsync("1", HaWorld.Stream("one"), cancellation.Token), Token);
            await World.AdvanceAsync(TimeSpan.FromMilliseconds(200));
            await cancellation.CancelAsync();
            await Awaiting(() => World.WhileAdvancingAsync(add)).Should().ThrowAsync<OperationCanceledException>();
        }

        World.DataKeys.Should().ContainSingle();
        (await World.RemoveAsync("1")).Should().BeFalse();

        await World.AdvanceAsync(TimeSpan.FromSeconds(10));
        await World.AssertEntriesAsync();
        World.DataKeys.Should().BeEmpty();
    }

    [Fact]
    public async Task The_same_value_from_a_successor_is_not_taken_for_ones_own_write()
    {
        await World.SetAsync("counter", null, "1");
        World.Network.Inject(Fault.LoseRequest() with { Verb = "patch", Times = 1 });
        World.Network.Inject(Fault.Hang() with { Verb = "get", Times = 1 });
        var set = Task.Run(() => World.Store.CreateBatch().SetValue("counter", "1", "2").CommitAsync(Token), Token);
        await World.AdvanceAsync(TimeSpan.FromMilliseconds(100));
        var successor = await World.TakeOverAsync();
        await World.RunAsync(() => successor.CreateBatch().SetValue("counter", "1", "2").CommitAsync(Token));

        // Both would hand out checkpoint 1.
        await Awaiting(() => World.WhileAdvancingAsync(set)).Should().ThrowExactlyAsync<StateOutcomeUnknownException>();
    }

    [Theory]
    [InlineData("garbled")]
    [InlineData(null)]
    [InlineData("""{"holderIdentity":"a"}""")]
    public async Task A_lock_that_someone_edited_meanwhile_is_waited_for(string? annotation)
    {
        World.Network.SilenceWatches();
        World.Network.Inject(Fault.LoseRequest() with { Verb = "patch", Times = 1 });
        World.Network.Inject(Fault.Delay(TimeSpan.FromMilliseconds(500)) with { Verb = "get", Times = 1 });
        var add = Task.Run(() => World.Store.AddAsync("1", HaWorld.Stream("one"), Token), Token);
        await World.AdvanceAsync(TimeSpan.FromMilliseconds(100));
        await World.EditLockAsync(annotation);

        await World.WhileAdvancingAsync(add);

        await World.AssertEntriesAsync("1=one");
        await World.AssertNothingLeftBehindAsync();
    }

    [Fact]
    public async Task An_outage_shorter_than_the_lease_is_survived()
    {
        World.Network.Partition();
        var add = Task.Run(() => World.Store.AddAsync("1", HaWorld.Stream("one"), Token), Token);
        await World.AdvanceAsync(TimeSpan.FromSeconds(6));
        World.Network.Heal();

        await World.WhileAdvancingAsync(add);

        World.Leader.Leads.Should().BeTrue();
        await World.AssertEntriesAsync("1=one");
    }

    [Fact]
    public async Task An_outage_longer_than_the_lease_ends_with_lost_leadership_and_leaves_nothing()
    {
        World.Network.Partition();

        var exception = await World.FailAsync<LeadershipLostException>(() => World.AddAsync("1", "one"));

        exception.Reason.Should().Be(LeadershipLossReason.RenewDeadlineExceeded);
        World.DataKeys.Should().BeEmpty();
    }

    [Fact]
    public async Task A_session_id_that_someone_edited_is_put_back_and_the_write_made()
    {
        World.Network.SilenceWatches();
        await World.EditDataAsync("sessionId", "someone else's");

        await World.AddAsync("1", "one");

        await World.AssertEntriesAsync("1=one");
    }

    [Fact]
    public async Task A_canceled_add_that_was_not_sent_leaves_nothing()
    {
        await Awaiting(() => World.RunAsync(() => World.Store.AddAsync("1", HaWorld.Stream("one"), new CancellationToken(canceled: true))))
            .Should().ThrowAsync<OperationCanceledException>();

        World.DataKeys.Should().BeEmpty();
    }

    [Fact]
    public async Task Many_write_at_once()
    {
        var names = Enumerable.Range(0, 100).Select(i => $"{i:000}").ToList();

        await World.RunAsync(() => Task.WhenAll(names.Select(name => Task.Run(() => World.Store.AddAsync(name, HaWorld.Stream(name), Token), Token))));

        await World.AssertEntriesAsync([.. names.Select(name => $"{name}={name}")]);
    }
}
