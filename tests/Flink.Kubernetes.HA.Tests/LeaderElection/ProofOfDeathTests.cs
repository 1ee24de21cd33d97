using k8s;
using k8s.Models;

namespace Flink.Kubernetes.HA.Tests.LeaderElection;

/// <summary>What proves that a leader is dead, so that nobody waits for its lease, and what does not (promise P2).</summary>
public sealed class ProofOfDeathTests : ElectionTests
{
    private const string Container = "containerd://1";

    [Theory]
    [InlineData(HeartbeatMode.ConfigMap)]
    [InlineData(HeartbeatMode.ProcessLease)]
    public async Task A_leader_whose_container_has_ended_is_followed_at_once(HeartbeatMode mode)
    {
        var (leader, standby) = await StartBothAsync(mode);
        leader.Crash();
        await World.SetContainerAsync("leader", HaWorld.Ended(Container), Container);

        await World.UntilAsync(() => standby.Leads, TimeSpan.FromSeconds(0.1), "the standby leads");

        // The process is dead; that of this test does not know.
        World.Forget();
    }

    [Theory]
    [InlineData(HeartbeatMode.ConfigMap)]
    [InlineData(HeartbeatMode.ProcessLease)]
    public async Task A_container_that_was_restarted_has_ended_too(HeartbeatMode mode)
    {
        var (leader, standby) = await StartBothAsync(mode);
        leader.Crash();
        await World.SetContainerAsync("leader", new V1ContainerState { Running = new V1ContainerStateRunning() }, "containerd://2", last: HaWorld.Ended(Container));

        await World.UntilAsync(() => standby.Leads, TimeSpan.FromSeconds(0.1), "the standby leads");
        World.Forget();
    }

    [Theory]
    [InlineData("not ready")]
    [InlineData("unknown")]
    [InlineData("another container has ended")]
    [InlineData("gone, not seen to end")]
    [InlineData("another Pod of that name has ended")]
    public async Task Anything_else_proves_nothing(string what)
    {
        var (leader, standby) = await StartBothAsync(HeartbeatMode.ConfigMap);
        switch (what)
        {
            case "not ready":
                await World.SetContainerAsync("leader", new V1ContainerState { Waiting = new V1ContainerStateWaiting { Reason = "ContainerCreating" } }, Container);
                break;
            case "unknown":
                await World.SetContainerAsync("leader", new V1ContainerState(), Container, phase: "Unknown");
                break;
            case "another container has ended":
                await World.SetContainerAsync("leader", new V1ContainerState { Running = new V1ContainerStateRunning() }, Container, last: HaWorld.Ended("containerd://0"));
                break;
            default:
                await World.Admin.CoreV1.DeleteNamespacedPodAsync("leader", HaWorld.Namespace, gracePeriodSeconds: 0, cancellationToken: Token);
                if (what != "gone, not seen to end")
                {
                    await World.CreatePodAsync("leader", Container);
                    await World.SetContainerAsync("leader", HaWorld.Ended(Container), Container);
                }

                break;
        }

        await World.AdvanceAsync(TimeSpan.FromSeconds(30));

        (leader.Leads && standby.Terms.IsEmpty).Should().BeTrue();
    }

    [Fact]
    public async Task A_lock_that_was_restored_from_a_copy_is_not_taken_at_once_because_its_old_holder_is_dead()
    {
        var (leader, standby) = await StartBothAsync(HeartbeatMode.ConfigMap);
        var copy = await World.ReadAsync();
        leader.Crash();
        await World.SetContainerAsync("leader", HaWorld.Ended(Container), Container);
        await World.UntilAsync(() => standby.Leads, TimeSpan.FromSeconds(0.1), "the standby leads");
        World.Forget();
        var third = World.Start("third", options: new() { ProofOfDeath = true, PodName = "third", ContainerName = "main" });
        await World.AdvanceAsync(TimeSpan.FromSeconds(3));

        await World.PutAsync(copy);
        await World.AdvanceAsync(TimeSpan.FromSeconds(1));

        third.Leads.Should().BeFalse();
    }

    [Fact]
    public async Task Without_the_permission_to_read_pods_the_lease_is_waited_for()
    {
        World.Server.Deny("standby", "watch", "pods");
        World.Server.Deny("standby", "list", "pods");
        var (leader, standby) = await StartBothAsync(HeartbeatMode.ConfigMap);
        leader.Crash();
        await World.SetContainerAsync("leader", HaWorld.Ended(Container), Container);
        await World.AdvanceAsync(TimeSpan.FromSeconds(10));
        standby.Leads.Should().BeFalse();

        await World.UntilAsync(() => standby.Leads, TimeSpan.FromSeconds(6), "the standby leads");
    }

    [Fact]
    public async Task A_process_that_does_not_know_its_container_leads_without_and_says_why()
    {
        var leader = World.Start("leader", options: new() { ProofOfDeath = true, PodName = "nowhere", ContainerName = "main" });

        await World.UntilAsync(() => leader.Leads, TimeSpan.FromSeconds(1), "it leads");
        await World.AdvanceAsync(TimeSpan.FromSeconds(30));

        leader.Logs.Count(327).Should().Be(1);
        leader.Logs.Text.Should().Contain("\"nowhere\" not found");
    }

    private async Task<(Replica Leader, Replica Standby)> StartBothAsync(HeartbeatMode mode)
    {
        await World.CreatePodAsync("leader", Container);
        var leader = World.Start("leader", options: new() { HeartbeatMode = mode, ProofOfDeath = true, PodName = "leader", ContainerName = "main" });
        await World.UntilAsync(() => leader.Leads, TimeSpan.FromSeconds(1), "it leads");
        var standby = World.Start("standby", options: new() { HeartbeatMode = mode, ProofOfDeath = true, PodName = "standby", ContainerName = "main" });
        await World.AdvanceAsync(TimeSpan.FromSeconds(3));
        return (leader, standby);
    }
}
