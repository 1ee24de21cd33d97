using Flink.Kubernetes.HA.Maintenance;

namespace Flink.Kubernetes.HA.Tests.Maintenance;

[Collection(SimulatedTime.Name)]
public sealed class ClusterCleanUpTests
{
    private static CancellationToken Token => HaWorld.Token;

    [Fact]
    public async Task Everything_of_a_cluster_that_has_ended_goes()
    {
        await using var world = await HaWorld.WithJobAsync(hasOther: false);
        await world.LeadAsync(LeaderComponent.RestEndpoint, "rest");
        var before = (await world.FindAsync(HaWorld.KeyOf(LeaderComponent.RestEndpoint)))!.Uid;
        await world.AddForeignThingsAsync();

        (await world.RunAsync(() => ClusterCleanUp.Open(world.Leader.Term!, world.Storage).RunAsync(JobStatus.Finished, Token))).Should().BeTrue();

        await world.AssertNothingIsLeftAsync("no fault");
        ((await world.FindAsync(HaWorld.KeyOf(LeaderComponent.RestEndpoint)))?.Uid).Should().NotBe(before);
        await world.AssertForeignThingsAreThereAsync("no fault");
    }

    [Theory]
    [InlineData(JobStatus.Suspended)]
    [InlineData(JobStatus.Running)]
    public async Task A_cluster_that_has_not_ended_keeps_everything(JobStatus status)
    {
        await using var world = await HaWorld.WithJobAsync(hasResult: false);
        var cleanUp = ClusterCleanUp.Open(world.Leader.Term!, world.Storage);

        (await world.RunAsync(() => cleanUp.RunAsync(status, Token))).Should().BeFalse();
        (await world.RunAsync(() => cleanUp.ResumeAsync(Token))).Should().BeFalse();
        await world.FailAsync<InvalidOperationException>(() => cleanUp.RunAsync(JobStatus.Finished, Token));

        await world.AssertJobIsKeptAsync();
    }

    [Fact]
    public async Task A_job_that_is_put_while_the_cluster_is_removed_is_refused_or_kept()
    {
        await using var world = await HaWorld.WithJobAsync(hasOther: false);
        var jobs = await world.OpenJobsAsync();
        Exception? refusal = null;

        // Put between the first look at the jobs and the record of the end.
        var pointer = await PointerAsync(world);
        var before = world.Network.CountCalls("patch", "configmaps");
        using (world.Network.Inject(Fault.Delay(TimeSpan.FromSeconds(1)) with { Verb = "patch", Times = 1 }))
        {
            var ending = Task.Run(() => ClusterCleanUp.Open(world.Leader.Term!, world.Storage).RunAsync(JobStatus.Finished, Token), Token);
            await world.UntilAsync(() => world.Network.CountCalls("patch", "configmaps") > before, TimeSpan.FromSeconds(5), "the end is being recorded");
            await world.EditDataAsync("jobGraph-" + HaWorld.OtherJob, pointer);
            (await world.FailAsync<InvalidOperationException>(() => ending)).Message.Should().Contain("have not ended");
        }

        (await world.ValueAsync("cleanUp")).Should().BeNull();
        await world.EditDataAsync("jobGraph-" + HaWorld.OtherJob, null);

        // Put once the end is recorded.
        await world.EditDataAsync("cleanUp", "Finished");
        refusal = await world.FailAsync<InvalidOperationException>(() => jobs.PutAsync(HaWorld.OtherJob, "late", Token));
        refusal.Message.Should().Contain("is being removed");
    }

    [Fact]
    public async Task A_cluster_whose_pointers_were_lost_can_still_be_removed()
    {
        await using var world = await HaWorld.WithJobAsync(hasOther: false, hasResult: false);
        await world.DeleteAsync(HaWorld.Key);
        await world.UntilAsync(() => world.Leader.Terms.Count == 2 && world.Leader.Leads, TimeSpan.FromMinutes(1), "the leader leads again");
        await world.FailAsync<StateLostException>(() => world.OpenJobsAsync());

        (await world.RunAsync(() => ClusterCleanUp.Open(world.Leader.Term!, world.Storage).RunAsync(JobStatus.Finished, Token))).Should().BeTrue();

        await world.AssertNothingIsLeftAsync("no fault");
    }

    [Fact]
    public async Task A_registry_that_cannot_be_read_whole_keeps_the_cluster()
    {
        await using var world = await HaWorld.WithJobAsync(hasOther: false);
        await world.EditDataAsync("jobGraph-" + HaWorld.OtherJob, "damaged");

        var exception = await world.FailAsync<InvalidOperationException>(
            () => ClusterCleanUp.Open(world.Leader.Term!, world.Storage).RunAsync(JobStatus.Finished, Token));

        exception.Message.Should().Contain("jobGraph-" + HaWorld.OtherJob);
        (await world.FindAsync(HaWorld.JobKey)).Should().NotBeNull();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_clean_up_succeeds_although_the_watch_reports_the_last_deletion_before_the_response(bool isLost)
    {
        await using var world = await HaWorld.WithJobAsync(hasOther: false);
        var fault = isLost ? Fault.LoseResponse() : Fault.Delay(TimeSpan.FromSeconds(5), afterEffect: true);
        world.Network.Inject(fault with { Verb = "delete", Name = HaWorld.Key.Name });

        (await world.RunAsync(() => ClusterCleanUp.Open(world.Leader.Term!, world.Storage).RunAsync(JobStatus.Finished, Token))).Should().BeTrue();

        await world.AssertNothingIsLeftAsync("no fault but that");
    }

    private static async Task<string> PointerAsync(HaWorld world)
    {
        var store = await world.OpenStoreAsync("other-");
        return (await world.RunAsync(() => store.AddAsync("1", HaWorld.Stream("graph"), Token))).Text;
    }
}
