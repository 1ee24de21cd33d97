using System.Diagnostics.Metrics;
using System.Text.Json.Nodes;
using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.Testing;
using Flink.Kubernetes.HA.WireFormat;
using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.Tests.LeaderElection;

/// <summary>When something is wrong it is told once, the server is not hammered, and no count is lost (promises P9, P10).</summary>
[Collection(SimulatedTime.Name)]
public sealed class QuietnessTests
{
    [Fact]
    public async Task Something_that_undoes_each_write_at_once_does_not_make_the_leader_hammer_the_server()
    {
        await using var cluster = new ElectionCluster();
        var leader = await cluster.StartLeaderAsync("leader");
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var opponent = Task.Run(() => UndoAsync(cluster, stop.Token), TestContext.Current.CancellationToken);

        await cluster.AdvanceAsync(TimeSpan.FromSeconds(60));
        await stop.CancelAsync();
        await opponent.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);

        // A repair is a refused write, a read and a write, no more often than tries after a failure.
        Assert.InRange(cluster.Server.Requests.Count(r => r.User == "leader"), 60, 60 / 0.375 * 3);
        Assert.Single(leader.Terms);
    }

    [Fact]
    public async Task An_outage_is_one_warning_and_its_end_one_line()
    {
        await using var cluster = new ElectionCluster();
        var leader = await cluster.StartLeaderAsync("leader");
        await cluster.AdvanceAsync(TimeSpan.FromSeconds(1));
        leader.Client.Partition();
        await cluster.AdvanceAsync(TimeSpan.FromSeconds(6));
        leader.Client.Heal();
        await cluster.AdvanceAsync(TimeSpan.FromSeconds(10));

        Assert.Single(leader.Terms);
        Assert.True(leader.Logs.Count(303) > 3);
        Assert.Single(leader.Logs.Entries, e => e is { Id: 303, Level: LogLevel.Warning });
        Assert.Equal(1, leader.Logs.Count(310));
    }

    [Fact]
    public async Task Answers_that_go_on_getting_lost_are_one_warning_too()
    {
        await using var cluster = new ElectionCluster();
        var leader = await cluster.StartLeaderAsync("leader");
        using (leader.Client.Inject(FaultRule.LoseResponse() with { Verb = "patch" }))
        {
            await cluster.AdvanceAsync(TimeSpan.FromSeconds(60));
        }

        Assert.Single(leader.Terms);
        Assert.Single(leader.Logs.Entries, e => e is { Id: 303, Level: LogLevel.Warning });
    }

    [Fact]
    public async Task Without_the_permission_to_read_the_watch_alone_tells_how_a_lost_race_ended()
    {
        await using var cluster = new ElectionCluster();
        await cluster.CreateAsync("""{"holderIdentity":"other","leaseDurationSeconds":15}""");
        cluster.Server.Deny("a", "get", "configmaps");
        var a = cluster.Start("a");
        await cluster.AdvanceAsync(TimeSpan.FromSeconds(1));
        using (a.Client.Inject(FaultRule.LoseRequest() with { Verb = "patch", Times = 1 }))
        {
            await cluster.AdvanceAsync(TimeSpan.FromSeconds(20));
        }

        Assert.Empty(a.Terms);
        await cluster.EditLockAsync("""{"holderIdentity":"","leaseDurationSeconds":1}""");
        await cluster.UntilAsync(() => a.Leads, TimeSpan.FromSeconds(1), "it leads when the watch shows that the lock is free");
        Assert.Equal(1, a.Logs.Count(307));
    }

    [Fact]
    public async Task Requests_that_fail_after_they_were_given_up_leave_no_failure_unobserved()
    {
        var unobserved = new List<Exception>();
        void Note(object? sender, UnobservedTaskExceptionEventArgs e)
        {
            if (e.Exception.ToString().Contains("said too late", StringComparison.Ordinal))
            {
                lock (unobserved)
                {
                    unobserved.Add(e.Exception);
                }
            }
        }

        TaskScheduler.UnobservedTaskException += Note;
        try
        {
            await LeaveRequestsBehindAsync();

            // Off the stack that may still hold them.
            await Task.Yield();
            GC.Collect();
            GC.WaitForPendingFinalizers();
            GC.Collect();
            GC.WaitForPendingFinalizers();
            Assert.Empty(unobserved);
        }
        finally
        {
            TaskScheduler.UnobservedTaskException -= Note;
        }
    }

    [Fact]
    public async Task The_number_of_components_that_are_led_is_right_however_terms_end_and_Lost_does_not_wait_for_who_listens()
    {
        await using var cluster = new ElectionCluster();
        var leading = 0;
        var lostBeforeCounted = true;
        Replica? leader = null;
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument is { Meter.Name: HaTelemetry.SourceName, Name: "flink.ha.leader_election.leading" })
            {
                l.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<int>((_, measurement, tags, _) =>
        {
            if (tags.Length == 1 && Equals(tags[0].Value, "counted"))
            {
                Interlocked.Add(ref leading, measurement);
                lostBeforeCounted &= measurement > 0 || leader!.Terms.All(t => t.Lost.IsCancellationRequested);
            }
        });
        listener.Start();
        leader = cluster.Start("leader", component: LeaderComponent.Custom("counted"));
        for (var round = 0; round < 3; round++)
        {
            await cluster.UntilAsync(() => leader.Leads, TimeSpan.FromSeconds(30), "it leads");
            Assert.Equal(1, leading);
            var key = HaNames.LeaderConfigMap(ElectionCluster.Namespace, ElectionCluster.ClusterId, leader.Component);
            switch (round)
            {
                case 0:
                    await cluster.Admin.DeleteAsync(KubeResources.ConfigMaps, key, cancellationToken: TestContext.Current.CancellationToken);
                    break;
                case 1:
                    leader.Client.Partition();
                    await cluster.UntilAsync(() => leading == 0, TimeSpan.FromSeconds(11), "the deadline passes");
                    leader.Client.Heal();
                    break;
            }

            var term = leader.Term!;
            if (round < 2)
            {
                await cluster.UntilAsync(() => term.Lost.IsCancellationRequested, TimeSpan.FromSeconds(11), "the term ends");
            }
        }

        await cluster.WhileAdvancingAsync(leader.StopAsync());
        Assert.Equal(0, leading);
        Assert.True(lostBeforeCounted);
    }

    private static async Task UndoAsync(ElectionCluster cluster, CancellationToken cancellationToken)
    {
        await foreach (var change in cluster.Admin.WatchAsync(KubeResources.ConfigMaps, ElectionCluster.Namespace, null, cancellationToken))
        {
            if (change.Object.Metadata.Annotations?.GetValueOrDefault(HaNames.LockAnnotation) is not null)
            {
                await cluster.EditAsync(new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [HaNames.LockAnnotation] = null } } });
            }
        }
    }

    private static async Task LeaveRequestsBehindAsync()
    {
        var time = new ManualTimeProvider();
        var client = new LateFailures();
        var requests = new LockRequests(client, ElectionCluster.Key, TimeSpan.FromSeconds(3), time);
        var write = requests.PatchAsync(KubePatch.Merge(new JsonObject()));
        var read = requests.ReadAsync(CancellationToken.None);
        await time.AdvanceAsync(TimeSpan.FromSeconds(4), cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(LockWriteOutcome.Unknown, (await write).Outcome);
        Assert.IsType<TimeoutException>((await read).Error);
        client.Fail();
    }
}
