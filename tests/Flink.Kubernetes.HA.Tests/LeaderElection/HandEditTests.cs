using Flink.Kubernetes.HA.ConfigMaps;

namespace Flink.Kubernetes.HA.Tests.LeaderElection;

/// <summary>Whatever is done to the ConfigMap by hand or by a tool, whatever the leader hears of it: no two lead at once, and one leads again
/// (promise P2).</summary>
/// <remarks>Clearing the holder is not among them: it says that nobody leads. The world checks at its end that no two led at once.</remarks>
public class HandEditTests : ElectionTests
{
    private const string Junk = "junk";

    public static TheoryData<string, string> Edits => new MatrixTheoryData<string, string>(
        ["replace", "replace twice", "strip the lock", "strip both", "junk", "junk in both", "delete", "delete and restore", "restore", "relabel", "rename the term"],
        ["healthy", "watch silent", "cut off"]);

    [Theory]
    [MemberData(nameof(Edits))]
    public async Task An_edit_makes_no_second_leader_and_keeps_nobody_from_leading(string edit, string leaderIs)
    {
        var leader = await World.StartLeaderAsync("leader");
        World.Start("standby");
        await World.AdvanceAsync(TimeSpan.FromSeconds(1));
        var copy = await World.ReadAsync();
        await World.AdvanceAsync(TimeSpan.FromSeconds(3.1));
        Disturb(leader, leaderIs);

        await EditAsync(edit, copy);
        await World.AdvanceAsync(TimeSpan.FromSeconds(30));

        World.Replicas.Should().ContainSingle(replica => replica.Leads);
        leader.Network.Heal();
        await World.AdvanceAsync(TimeSpan.FromSeconds(30));
        World.Replicas.Should().ContainSingle(replica => replica.Leads);
    }

    [Theory]
    [MemberData(nameof(Edits))]
    public async Task What_a_standby_has_seen_outlives_its_enumeration(string edit, string leaderIs)
    {
        var leader = await World.StartLeaderAsync("leader");
        var standby = World.Start("standby");
        await World.AdvanceAsync(TimeSpan.FromSeconds(1));
        var copy = await World.ReadAsync();
        await World.AdvanceAsync(TimeSpan.FromSeconds(3.1));
        Disturb(leader, leaderIs);
        await World.WhileAdvancingAsync(standby.StopAsync());

        await EditAsync(edit, copy);
        standby.StartAgain();
        await World.AdvanceAsync(TimeSpan.FromSeconds(30));

        World.Replicas.Should().ContainSingle(replica => replica.Leads);
    }

    [Theory]
    [InlineData("replace")]
    [InlineData("strip the lock")]
    [InlineData("strip both")]
    [InlineData("junk")]
    public async Task Others_who_write_to_the_ConfigMap_do_not_keep_a_dead_leaders_lock_held(string edit)
    {
        var leader = await World.StartLeaderAsync("leader");
        var standby = World.Start("standby");
        await World.AdvanceAsync(TimeSpan.FromSeconds(1));
        leader.Crash();
        await EditAsync(edit, await World.ReadAsync());

        var start = World.Time.GetTimestamp();
        for (var i = 0; !standby.Leads && i < 100; i++)
        {
            await World.AdvanceAsync(TimeSpan.FromSeconds(5));
            await World.EditAnnotationAsync("example.com/last-sync", $"{i}");
        }

        standby.Leads.Should().BeTrue();
        World.Time.GetElapsedTime(start).Should().BeLessThan(TimeSpan.FromSeconds(25));
    }

    [Fact]
    public async Task A_leader_that_is_edited_again_and_again_while_a_standby_misses_every_repair_keeps_the_lock()
    {
        var leader = await World.StartLeaderAsync("leader");
        var standby = World.Start("standby");
        await World.AdvanceAsync(TimeSpan.FromSeconds(1));
        for (var i = 0; i < 60; i++)
        {
            // The standby sees only the edits, by a new list each time.
            await World.EditLockAsync(Junk);
            standby.Network.CutWatches();
            World.Server.CompactHistory();
            await World.AdvanceAsync(TimeSpan.FromMilliseconds(1));
            standby.Network.Partition();
            await World.AdvanceAsync(TimeSpan.FromSeconds(1));
            standby.Network.Heal();
        }

        leader.Terms.Should().ContainSingle();
        standby.Terms.Should().BeEmpty();
    }

    [Fact]
    public async Task A_release_after_a_repaired_edit_is_taken_at_once()
    {
        var leader = await World.StartLeaderAsync("leader");
        var standby = World.Start("standby");
        await World.AdvanceAsync(TimeSpan.FromSeconds(1));
        await World.EditLockAsync(Junk);
        await World.AdvanceAsync(TimeSpan.FromSeconds(1));

        await World.WhileAdvancingAsync(leader.StopAsync());
        await World.UntilAsync(() => standby.Leads, TimeSpan.FromMilliseconds(100), "the standby leads");
    }

    private static void Disturb(Replica leader, string how)
    {
        switch (how)
        {
            case "watch silent":
                leader.Network.SilenceWatches();
                break;
            case "cut off":
                leader.Network.Partition(silent: true);
                break;
        }
    }

    private async Task EditAsync(string edit, ConfigMap copy)
    {
        var bare = new ConfigMap(HaWorld.Key) { Labels = HaNames.Labels(HaWorld.ClusterId) };
        switch (edit)
        {
            case "replace":
                await World.PutAsync(bare);
                break;
            case "replace twice":
                await World.PutAsync(bare);
                await World.AdvanceAsync(TimeSpan.FromSeconds(2));
                await World.PutAsync(bare);
                break;
            case "strip the lock":
                await World.EditLockAsync(null);
                break;
            case "strip both":
                await World.EditAsync(new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = null } });
                break;
            case Junk:
                await World.EditLockAsync(Junk);
                break;
            case "junk in both":
                await World.EditLockAsync(Junk);
                await World.EditAnnotationAsync(HaNames.TermAnnotation, Junk);
                break;
            case "delete":
                await World.DeleteAsync();
                break;
            case "delete and restore":
                await World.DeleteAsync();
                await World.PutAsync(copy);
                break;
            case "restore":
                await World.PutAsync(copy);
                break;
            case "relabel":
                await World.EditAsync(new JsonObject { ["metadata"] = new JsonObject { ["labels"] = new JsonObject { ["app"] = "platform", ["type"] = null } } });
                break;
            case "rename the term":
                await World.EditTermAsync(new TermRecord { HolderIdentity = "leader", SessionId = Guid.NewGuid(), FencingToken = 1 });
                break;
        }
    }

    [Fact]
    public async Task A_copy_of_a_process_s_own_last_record_is_not_its_own_when_it_may_have_missed_another_term()
    {
        var (leader, standby) = await StartBothAsync();
        var copy = await World.ReadAsync();
        leader.Network.SilenceWatches();
        using (leader.Network.Inject(Fault.LoseRequest()))
        {
            await World.UntilAsync(() => standby.Leads, TimeSpan.FromSeconds(20), "the standby leads");
        }

        // The standby leads until it notices at its next renewal. The old leader lists the lock anew, and knows nothing of that term.
        standby.Network.SilenceWatches();
        await World.PutAsync(copy);
        World.Server.CompactHistory();
        leader.Network.CutWatches();

        await World.UntilAsync(() => leader.Terms.Count > 1 || standby.Terms.Count > 1, TimeSpan.FromSeconds(60), "one leads anew");
        standby.Terms.First().Lost.IsCancellationRequested.Should().BeTrue();
    }
}

/// <summary>The same with one watch by label for all ConfigMaps of the cluster.</summary>
public sealed class HandEditByLabelTests : HandEditTests
{
    public HandEditByLabelTests() => World.WatchByLabel();
}
