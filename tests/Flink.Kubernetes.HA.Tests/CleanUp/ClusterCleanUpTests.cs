namespace Flink.Kubernetes.HA.Tests.CleanUp;

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
}
