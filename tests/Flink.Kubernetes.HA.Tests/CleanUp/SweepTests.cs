using Flink.Kubernetes.HA.CleanUp;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.Storage;
using Flink.Kubernetes.HA.Testing;
using Flink.Kubernetes.HA.Tests.Jobs;
using Flink.Kubernetes.HA.Tests.LeaderElection;

namespace Flink.Kubernetes.HA.Tests.CleanUp;

[Collection(SimulatedTime.Name)]
public sealed class SweepTests
{
    private const string Random = "0123456789abcdef0123456789abcdef";

    private static CancellationToken Token => StoreWorld.Token;

    [Fact]
    public async Task Old_data_that_no_pointer_names_goes_and_all_else_stays()
    {
        await using var job = await EndedJob.StartAsync(withResult: false);
        var gone = JobId.Parse("000000000000000000000000000000ff");
        string[] orphans =
        [
            $"default/orders/dispatcher/jobGraph-{gone}-{Random}", $"default/orders/{StoreWorld.JobId}-jobmanager/checkpointID-0000000000000000009-{Random}",
            $"default/orders/{gone}-jobmanager/checkpointID-0000000000000000001-{Random}", $"default/orders/blobs/{gone}/{new string('a', 64)}",
        ];
        string[] others = [$"default/orders/mine/data", $"default/orders2/dispatcher/jobGraph-{gone}-{Random}", "default/orders/dispatcher/notes.txt"];
        var before = job.World.Keys.ToList();
        foreach (var key in orphans.Concat(others))
        {
            await job.World.Data.WriteAsync(new StateKey(key), [1], Token);
        }

        Assert.Empty((await job.World.CreateSweep().FindAsync(Token)).Orphans);
        await job.World.Election.AdvanceAsync(TimeSpan.FromMinutes(3));
        var young = $"default/orders/dispatcher/jobGraph-{gone}-{Random.Replace('0', '1')}";
        await job.World.Data.WriteAsync(new StateKey(young), [1], Token);
        var report = await job.World.RunAsync(() => job.World.CreateSweep(TimeSpan.FromMinutes(2)).DeleteAsync(job.Dispatcher.Term!, Token));

        Assert.Equal(orphans.Order(StringComparer.Ordinal), report.Orphans.Select(orphan => orphan.Key.Value).Order(StringComparer.Ordinal));
        Assert.Equal((orphans.Length, 0), (report.Deleted, report.NotDeleted));
        Assert.Empty(report.Withheld);
        Assert.Equal(before.Concat(others).Append(young).Order(StringComparer.Ordinal), job.World.Keys.Order(StringComparer.Ordinal));
        await job.AssertAllIsKeptAsync();
    }

    [Fact]
    public async Task Data_whose_ConfigMap_is_missing_or_was_created_anew_is_withheld()
    {
        await using var job = await EndedJob.StartAsync(withResult: false);
        await job.World.DeleteAsync(StoreWorld.JobKey);
        await job.World.Election.AdvanceAsync(TimeSpan.FromMinutes(3));

        var missing = await job.World.CreateSweep(TimeSpan.FromMinutes(2)).FindAsync(Token);
        await job.World.LeadAsync(StoreWorld.JobManager, "new");
        var anew = await job.World.CreateSweep(TimeSpan.FromMinutes(2)).FindAsync(Token);

        Assert.Empty(missing.Orphans);
        Assert.Equal(2, missing.Withheld.Count(entry => entry.Key.Value.Contains("checkpointID", StringComparison.Ordinal)));
        Assert.Empty(anew.Orphans);
        Assert.Equal(missing.Withheld.Select(entry => entry.Key), anew.Withheld.Select(entry => entry.Key));
    }

    [Fact]
    public async Task Data_behind_a_pointer_that_can_not_be_read_is_withheld()
    {
        await using var job = await EndedJob.StartAsync(withResult: false);
        await job.World.EditAsync(StoreWorld.JobKey, "checkpointID-0000000000000000001", "damaged");
        await job.World.Election.AdvanceAsync(TimeSpan.FromMinutes(3));

        var report = await job.World.CreateSweep(TimeSpan.FromMinutes(2)).FindAsync(Token);

        Assert.Empty(report.Orphans);
        Assert.Contains("checkpointID-0000000000000000001", Assert.Single(report.Withheld).Key.Value, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pointers_whose_data_is_missing_are_told()
    {
        await using var job = await EndedJob.StartAsync(withResult: false);
        var handle = (await job.World.ReadCheckpoints().TryGetLatestAsync(Token))!.Handle;
        await job.World.Data.DeleteAsync(handle.State.Key, Token);

        var report = await job.World.CreateSweep().FindAsync(Token);

        Assert.Equal("checkpointID-0000000000000000002", Assert.Single(report.MissingData).Key);
    }

    [Fact]
    public async Task A_delete_that_fails_is_left_to_the_next_sweep_and_who_does_not_lead_deletes_nothing()
    {
        await using var job = await EndedJob.StartAsync(withResult: false);
        await job.World.Data.WriteAsync(new StateKey($"default/orders/dispatcher/x-{Random}"), [1], Token);
        await job.World.Election.AdvanceAsync(TimeSpan.FromMinutes(3));
        var sweep = new Sweep(
            job.World.Election.Admin, job.World.Storage, ElectionCluster.Namespace, ElectionCluster.ClusterId, new SweepOptions { GracePeriod = TimeSpan.FromMinutes(2) }, job.World.Election.Time);
        using (job.World.Storage.Inject(StorageFaultRule.Fail() with { Verb = "delete" }))
        {
            Assert.Equal(1, (await job.World.RunAsync(() => sweep.DeleteAsync(job.Dispatcher.Term!, Token))).NotDeleted);
        }

        var old = job.Dispatcher.Term!;
        await job.FailOverAsync();
        await Assert.ThrowsAsync<LeadershipLostException>(() => job.World.RunAsync(() => sweep.DeleteAsync(old, Token)));
        Assert.Contains($"default/orders/dispatcher/x-{Random}", job.World.Keys);
        Assert.Throws<ArgumentOutOfRangeException>(() => job.World.CreateSweep(TimeSpan.FromSeconds(59)));
    }
}
