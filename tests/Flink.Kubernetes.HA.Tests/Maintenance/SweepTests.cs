using Flink.Kubernetes.HA.Blobs;
using Flink.Kubernetes.HA.Maintenance;

namespace Flink.Kubernetes.HA.Tests.Maintenance;

public sealed class SweepTests() : WorldTest(() => HaWorld.WithJobAsync(hasResult: false))
{
    private const string Random = "0123456789abcdef0123456789abcdef";

    [Fact]
    public async Task Old_data_that_no_pointer_names_goes_and_all_else_stays()
    {
        var gone = JobId.Parse("000000000000000000000000000000ff");
        await World.EndJobAsync(gone, JobStatus.Finished);
        var dispatcher = await World.FolderOfAsync(LeaderComponent.Dispatcher);
        string[] orphans =
        [
            $"{dispatcher}/jobGraph-{gone}-{Random}",
            $"{await World.FolderOfAsync(HaWorld.JobManager)}/checkpointID-0000000000000000009-{Random}",
            $"default/orders/{gone}-jobmanager/{Random}/checkpointID-0000000000000000001-{Random}",
            $"default/orders/blobs/{gone}/{Random}",
            $"default/orders/blobs/{JobId.NewRandom()}/{Random}",
        ];
        string[] others = ["default/orders/mine/data", $"default/orders2/dispatcher/{Random}/jobGraph-{gone}-{Random}", $"{dispatcher}/notes.txt"];
        var before = World.DataKeys.ToList();
        foreach (var key in orphans.Concat(others))
        {
            await World.Data.WriteAsync(new StateKey(key), [1], Token);
        }

        (await World.CreateSweep().FindAsync(Token)).Orphans.Should().BeEmpty();
        await World.AdvanceAsync(TimeSpan.FromMinutes(3));
        var young = $"{dispatcher}/jobGraph-{gone}-{Random.Replace('0', '1')}";
        await World.Data.WriteAsync(new StateKey(young), [1], Token);
        var report = await World.RunAsync(() => World.CreateSweep(TimeSpan.FromMinutes(2)).DeleteAsync(World.Leader.Term!, Token));

        report.Orphans.Select(orphan => orphan.Key.Value).Order(StringComparer.Ordinal).Should().Equal(orphans.Order(StringComparer.Ordinal));
        (report.Deleted, report.NotDeleted).Should().Be((orphans.Length, 0));
        report.Withheld.Should().BeEmpty();
        World.DataKeys.Order(StringComparer.Ordinal).Should().Equal(before.Concat(others).Append(young).Order(StringComparer.Ordinal));
        await World.AssertJobIsKeptAsync();
    }

    [Fact]
    public async Task Data_whose_ConfigMap_is_missing_or_was_re_created_is_withheld()
    {
        await World.DeleteAsync(HaWorld.JobKey);
        await World.AdvanceAsync(TimeSpan.FromMinutes(3));

        var missing = await World.CreateSweep(TimeSpan.FromMinutes(2)).FindAsync(Token);
        await World.LeadAsync(HaWorld.JobManager, "new");
        var recreated = await World.CreateSweep(TimeSpan.FromMinutes(2)).FindAsync(Token);

        missing.Orphans.Should().BeEmpty();
        missing.Withheld.Count(entry => entry.Key.Value.Contains("checkpointID", StringComparison.Ordinal)).Should().Be(2);
        recreated.Orphans.Should().BeEmpty();
        recreated.Withheld.Select(entry => entry.Key).Should().Equal(missing.Withheld.Select(entry => entry.Key));
    }

    [Fact]
    public async Task Data_behind_a_pointer_that_cannot_be_read_is_withheld()
    {
        await World.EditDataAsync("checkpointID-0000000000000000001", "damaged", HaWorld.JobKey);
        await World.AdvanceAsync(TimeSpan.FromMinutes(3));

        var report = await World.CreateSweep(TimeSpan.FromMinutes(2)).FindAsync(Token);

        report.Orphans.Should().BeEmpty();
        report.Withheld.Should().ContainSingle().Which.Key.Value.Should().Contain("checkpointID-0000000000000000001");
    }

    [Fact]
    public async Task Pointers_whose_data_is_missing_are_reported()
    {
        var handle = (await World.ReadCheckpoints().TryGetLatestAsync(Token))!.Handle;
        await World.Data.DeleteAsync(handle.State.Key, Token);

        var report = await World.CreateSweep().FindAsync(Token);

        report.MissingData.Should().ContainSingle().Which.Key.Should().Be("checkpointID-0000000000000000002");
    }

    [Fact]
    public async Task A_delete_that_fails_is_left_to_the_next_sweep_and_only_the_leader_deletes()
    {
        var orphan = new StateKey($"{await World.FolderOfAsync(LeaderComponent.Dispatcher)}/x-{Random}");
        await World.Data.WriteAsync(orphan, [1], Token);
        await World.AdvanceAsync(TimeSpan.FromMinutes(3));
        var sweep = World.CreateSweep(TimeSpan.FromMinutes(2), storage: World.Storage);
        using (World.Storage.Inject(Fault.Fail(StateStorageFailure.Unavailable) with { Verb = "delete" }))
        {
            (await World.RunAsync(() => sweep.DeleteAsync(World.Leader.Term!, Token))).NotDeleted.Should().Be(1);
        }

        var old = World.Leader.Term!;
        await World.FailOverAsync();
        await World.FailAsync<LeadershipLostException>(() => sweep.DeleteAsync(old, Token));
        World.Data.Keys.Should().Contain(orphan);
    }

    [Fact]
    public void A_grace_period_that_uploads_could_outlast_is_refused() =>
        Invoking(new SweepOptions { GracePeriod = TimeSpan.FromMinutes(59) }.Check).Should().ThrowExactly<ArgumentOutOfRangeException>();

    [Fact]
    public async Task The_data_of_a_job_that_is_kept_elsewhere_and_lost_its_ConfigMap_by_mistake_is_withheld()
    {
        var elsewhere = JobId.NewRandom();
        string[] keys = [$"default/orders/{elsewhere}-jobmanager/{Random}/checkpointID-0000000000000000001-{Random}", $"default/orders/blobs/{elsewhere}/{Random}"];
        foreach (var key in keys)
        {
            await World.Data.WriteAsync(new StateKey(key), [1], Token);
        }

        await World.AdvanceAsync(TimeSpan.FromMinutes(3));
        var report = await World.RunAsync(() => World.CreateSweep(TimeSpan.FromMinutes(2)).DeleteAsync(World.Leader.Term!, Token));

        report.Withheld.Select(entry => entry.Key.Value).Should().BeEquivalentTo(keys);
        World.DataKeys.Should().Contain(keys);
    }

    [Fact]
    public async Task A_blob_that_was_put_again_is_as_young_as_its_last_put()
    {
        var blobs = BlobStore.Open(World.Leader.Term!, World.Storage);
        var job = JobId.NewRandom();
        await World.RunAsync(() => blobs.PutAsync(job, HaWorld.Stream("program"), Token));
        await World.AdvanceAsync(TimeSpan.FromMinutes(3));
        var again = await World.RunAsync(() => blobs.PutAsync(job, HaWorld.Stream("program"), Token));

        var report = await World.RunAsync(() => World.CreateSweep(TimeSpan.FromMinutes(2)).DeleteAsync(World.Leader.Term!, Token));

        report.Deleted.Should().Be(1);
        await using var content = await blobs.Reader.OpenReadAsync(job, again, Token);
        content.Should().NotBeNull();
    }
}
