using Flink.Kubernetes.HA.LeaderElection.Locking;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.Tests.LeaderElection;

/// <summary>When something is wrong it is logged once, the server is not hammered, and no count is lost (promises P9, P10).</summary>
public sealed class QuietnessTests : ElectionTests
{
    [Fact]
    public async Task Something_that_undoes_each_write_at_once_does_not_make_the_leader_hammer_the_server()
    {
        var leader = await World.StartLeaderAsync("leader");
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var opponent = Task.Run(() => UndoAsync(stop.Token), Token);

        await World.AdvanceAsync(TimeSpan.FromSeconds(60));
        await stop.CancelAsync();
        await opponent.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);

        // A repair is a refused write, a read and a write, no more often than tries after a failure.
        ((double)World.Server.Requests.Count(r => r.User == "leader")).Should().BeInRange(60, 60 / 0.375 * 3);
        leader.Terms.Should().ContainSingle();
    }

    [Fact]
    public async Task An_outage_is_one_warning_and_its_end_one_line()
    {
        var leader = await World.StartLeaderAsync("leader");
        await World.AdvanceAsync(TimeSpan.FromSeconds(1));
        leader.Network.Partition();
        await World.AdvanceAsync(TimeSpan.FromSeconds(6));
        leader.Network.Heal();
        await World.AdvanceAsync(TimeSpan.FromSeconds(10));

        leader.Terms.Should().ContainSingle();
        leader.Logs.Count(303).Should().BeGreaterThan(3);
        leader.Logs.Entries.Where(e => e is { Id: 303, Level: LogLevel.Warning }).Should().ContainSingle();
        leader.Logs.Count(310).Should().Be(1);
    }

    [Fact]
    public async Task Without_the_permission_to_read_the_watch_alone_tells_how_a_lost_race_ended()
    {
        await World.CreateAsync("""{"holderIdentity":"other","leaseDurationSeconds":15}""");
        World.Server.Deny("a", "get", "configmaps");
        var a = World.Start("a");
        await World.AdvanceAsync(TimeSpan.FromSeconds(1));
        using (a.Network.Inject(Fault.LoseRequest() with { Verb = "patch", Times = 1 }))
        {
            await World.AdvanceAsync(TimeSpan.FromSeconds(20));
        }

        a.Terms.Should().BeEmpty();
        await World.EditLockAsync("""{"holderIdentity":"","leaseDurationSeconds":1}""");
        await World.UntilAsync(() => a.Leads, TimeSpan.FromSeconds(1), "it leads when the watch shows that the lock is free");
        a.Logs.Count(307).Should().Be(1);
    }

    [Fact]
    public async Task Requests_that_fail_after_their_time_limit_leave_no_failure_unobserved()
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
            unobserved.Should().BeEmpty();
        }
        finally
        {
            TaskScheduler.UnobservedTaskException -= Note;
        }
    }

    [Fact]
    public async Task The_number_of_components_that_are_led_is_right_however_terms_end_and_Lost_does_not_wait_for_who_listens()
    {
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
        leader = World.Start("leader", component: LeaderComponent.Custom("counted"));
        for (var round = 0; round < 3; round++)
        {
            await World.UntilAsync(() => leader.Leads, TimeSpan.FromSeconds(30), "it leads");
            leading.Should().Be(1);
            var key = HaNames.LeaderConfigMap(HaWorld.Namespace, HaWorld.ClusterId, leader.Component);
            switch (round)
            {
                case 0:
                    await World.DeleteAsync(key);
                    break;
                case 1:
                    leader.Network.Partition();
                    await World.UntilAsync(() => leading == 0, TimeSpan.FromSeconds(11), "the deadline passes");
                    leader.Network.Heal();
                    break;
            }

            var term = leader.Term!;
            if (round < 2)
            {
                await World.UntilAsync(() => term.Lost.IsCancellationRequested, TimeSpan.FromSeconds(11), "the term ends");
            }
        }

        await World.WhileAdvancingAsync(leader.StopAsync());
        leading.Should().Be(0);
        lostBeforeCounted.Should().BeTrue();
    }

    private async Task UndoAsync(CancellationToken cancellationToken)
    {
        var selection = ConfigMapSelection.Named(HaWorld.Key.Name, isMetadataOnly: true);
        await foreach (var change in World.Requests.WatchAsync(HaWorld.Namespace, selection, resourceVersion: "", TimeSpan.FromHours(1), cancellationToken))
        {
            if (change.ConfigMap?.Annotation(HaNames.LockAnnotation) is not null)
            {
                await World.EditLockAsync(null);
            }
        }
    }

    private async Task LeaveRequestsBehindAsync()
    {
        var late = new LateFailures();
        var requests = late.ToLock(World);
        var write = requests.PatchAsync(ConfigMapPatch.Operations());
        var read = requests.ReadAsync(CancellationToken.None);
        await World.AdvanceAsync(TimeSpan.FromSeconds(4));
        (await write).Outcome.Should().Be(LockWriteOutcome.Unknown);
        (await read).Error.Should().BeOfType<KubernetesHaException>().Which.Failure.Should().Be(KubernetesFailure.Timeout);
        late.Fail();
        await World.AdvanceAsync(TimeSpan.Zero);
    }
}
