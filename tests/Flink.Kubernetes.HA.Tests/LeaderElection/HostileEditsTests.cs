namespace Flink.Kubernetes.HA.Tests.LeaderElection;

/// <summary>Whatever is written into the ConfigMap, from a backup or by mistake: nobody leads beside another, and nothing breaks (promises P2, P7).</summary>
public sealed class HostileEditsTests : ElectionTests
{
    [Theory]
    [InlineData("""{"holderIdentity":"\ud800"}""")]
    [InlineData("""{"holderIdentity":"x","leaseDurationSeconds":"\ud800"}""")]
    [InlineData("""{"holderIdentity":"x","leaderTransitions":"\ud800"}""")]
    [InlineData("""{"holderIdentity":"x","leaseDurationSeconds":15,"other":["\udc00"]}""")]
    [InlineData("""{"holderIdentity":"x","leaseDurationSeconds":15,"\ud800":1}""")]
    [InlineData("""{"holderIdentity":"x","holderIdentity":"y"}""")]
    [InlineData("""{"holderIdentity":"x","leaderTransitions":1e300,"leaseDurationSeconds":1e300,"leaseDuration":"P99999999999Y"}""")]
    public async Task A_record_with_text_that_is_no_text_ends_no_election(string annotation)
    {
        await World.CreateAsync(annotation);
        var a = World.Start("a");
        await World.AdvanceAsync(TimeSpan.FromSeconds(14.9));
        a.Failure.Should().BeNull();
        a.Terms.Should().BeEmpty();

        await World.EditLockAsync("""{"holderIdentity":""}""");
        await World.UntilAsync(() => a.Leads, TimeSpan.FromSeconds(1), "it leads once the lock is free");
        await World.EditLockAsync(annotation);
        await World.AdvanceAsync(TimeSpan.FromSeconds(30));
        a.Failure.Should().BeNull();
    }

    [Theory]
    [InlineData("""{"holderIdentity":"\ud800","sessionId":"5e8f3c1a-0f5e-4a53-8f86-0a7b4c6d2e10","fencingToken":1}""")]
    [InlineData("""{"holderIdentity":"x","sessionId":"5e8f3c1a-0f5e-4a53-8f86-0a7b4c6d2e10","fencingToken":1,"address":"\ud800"}""")]
    [InlineData("""{"\ud800":1}""")]
    public void A_term_with_text_that_is_no_text_is_none(string json) => TermRecord.TryParse(json).Should().BeNull();

    [Fact]
    public async Task A_copy_of_an_old_term_of_its_own_does_not_make_a_process_lead_beside_the_leader()
    {
        var old = await World.StartLeaderAsync("old");
        var copy = await World.ReadAsync();
        var leader = World.Start("leader");
        await World.AdvanceAsync(TimeSpan.FromSeconds(1));

        await World.WhileAdvancingAsync(old.Term!.DisposeAsync().AsTask());
        await World.UntilAsync(() => leader.Leads, TimeSpan.FromSeconds(1), "the other leads");
        await World.AdvanceAsync(TimeSpan.FromSeconds(3));
        leader.Network.Partition(silent: true);

        // As a backup that is put back: the lock names the process that led then.
        await World.EditAsync(new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = Json(copy.Annotations) }, ["data"] = Json(copy.Data) });
        await World.UntilAsync(() => leader.Term!.Lost.IsCancellationRequested, TimeSpan.FromSeconds(11), "the leader that is cut off has lost");
        await World.UntilAsync(() => old.Terms.Count == 2 && old.Leads, TimeSpan.FromSeconds(16), "it leads after a lease");
    }

    [Fact]
    public async Task The_token_grows_over_a_deletion_also_where_it_is_ahead_of_the_revisions()
    {
        var high = new TermRecord { HolderIdentity = "z", SessionId = Guid.NewGuid(), FencingToken = 1_000_000 };
        await World.CreateAsync("""{"holderIdentity":""}""");
        await World.EditTermAsync(high);
        var leader = await World.StartLeaderAsync("leader");
        await World.AdvanceAsync(TimeSpan.FromSeconds(1));

        await World.DeleteAsync();
        await World.UntilAsync(() => leader.Terms.Count == 2 && leader.Leads, TimeSpan.FromSeconds(16), "it leads in a new one");
        leader.Terms.Select(t => t.FencingToken).Should().Equal(1_000_001, 1_000_002);
    }


    [Fact]
    public async Task Edits_of_a_re_created_ConfigMap_do_not_shorten_the_wait_for_a_leader_that_has_not_heard()
    {
        var leader = await World.StartLeaderAsync("leader");
        var standby = World.Start("standby");
        await World.AdvanceAsync(TimeSpan.FromSeconds(4.1));
        leader.Network.Partition(silent: true);
        await World.DeleteAsync();
        await World.AdvanceAsync(TimeSpan.FromSeconds(0.5));

        await World.EditLockAsync("junk");
        await World.AdvanceAsync(TimeSpan.FromSeconds(0.5));
        await World.EditLockAsync(null);
        await World.UntilAsync(() => standby.Leads, TimeSpan.FromSeconds(15.2), "the standby leads after the lease");
        leader.Term!.Lost.IsCancellationRequested.Should().BeTrue();
    }

    [Theory]
    [InlineData(null)]
    [InlineData("junk")]
    public async Task A_lock_that_is_garbled_a_second_time_while_nobody_looked_is_waited_for_again(string? annotation)
    {
        var (leader, standby) = await StartBothAsync();
        leader.Network.Partition(silent: true);
        await World.EditLockAsync(annotation);
        await World.AdvanceAsync(TimeSpan.FromSeconds(0.5));
        standby.Network.Partition(silent: true);
        leader.Network.Heal();
        await World.AdvanceAsync(TimeSpan.FromSeconds(12));

        // The leader has put it back and renewed since; then it is cut off, and the same edit is made again.
        leader.Leads.Should().BeTrue();
        leader.Network.Partition(silent: true);
        await World.EditLockAsync(annotation);
        standby.Network.Heal();
        await World.UntilAsync(() => standby.Leads, TimeSpan.FromSeconds(40), "the standby leads after a lease");
        leader.Term!.Lost.IsCancellationRequested.Should().BeTrue();
    }

    [Theory]
    [InlineData(long.MaxValue)]
    [InlineData(long.MinValue)]
    public async Task A_made_up_token_or_count_does_not_turn_the_next_one_negative(long token)
    {
        var forged = new TermRecord { HolderIdentity = "z", SessionId = Guid.NewGuid(), FencingToken = token };
        await World.CreateAsync("""{"holderIdentity":"","leaderTransitions":1e300}""");
        await World.EditTermAsync(forged);

        var leader = await World.StartLeaderAsync("leader");
        leader.Term!.FencingToken.Should().BeInRange(1, 100);
        ((await World.ReadRecordAsync()).LeaderTransitions + 1).Should().Be(int.MaxValue);
    }

    private static JsonObject Json(IEnumerable<KeyValuePair<string, string>> entries) =>
        new(entries.Select(entry => KeyValuePair.Create(entry.Key, (JsonNode?)entry.Value)));
}
