using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Flink.Kubernetes.HA.ConfigMaps;
using Flink.Kubernetes.HA.Diagnostics;

namespace Flink.Kubernetes.HA.Tests.LeaderElection;

/// <summary>The edges of a term: what is begun after its end, what user code below it may do, and what may be asked of an election.</summary>
public sealed class ElectionEdgeTests : ElectionTests
{
    [Fact]
    public async Task No_write_is_begun_after_Lost()
    {
        var end = new TaskCompletionSource();
        var leader = await World.StartLeaderAsync("leader", r => r.Work = _ => end.Task); // Work that is slow to stop.
        var standby = World.Start("standby");
        await World.AdvanceAsync(TimeSpan.FromSeconds(0.1));
        var term = leader.Term!;
        var lostAt = 0L;
        term.Lost.UnsafeRegister(_ => lostAt = World.Time.GetTimestamp(), null);

        // A renewal is unknown, and the reads that would settle it are slow: the last of them is answered after the deadline.
        leader.Network.Inject(Fault.Hang() with { Verb = "patch", Times = 1 });
        leader.Network.Inject(Fault.Hang() with { Verb = "get", Times = 1 });
        leader.Network.Inject(Fault.Delay(TimeSpan.FromSeconds(2.9)) with { Verb = "get" });
        await World.UntilAsync(() => lostAt != 0, TimeSpan.FromSeconds(20), "it is lost");
        World.Server.ClearRequests();
        await World.UntilAsync(() => standby.Leads, TimeSpan.FromSeconds(8), "the standby leads");

        World.Server.Requests.Should().NotContain(request => request.User == "leader" && request.Verb == "patch");
        end.SetResult();
    }

    [Fact]
    public async Task Renewals_do_not_run_within_the_activity_and_the_context_of_who_asked_for_the_term()
    {
        var ambient = new AsyncLocal<string?>();
        var seen = new ConcurrentBag<string?>();
        using var source = new ActivitySource(nameof(ElectionEdgeTests));
        using var listener = new ActivityListener
        {
            ShouldListenTo = s => s.Name == nameof(ElectionEdgeTests),
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
        };
        ActivitySource.AddActivityListener(listener);
        ambient.Value = "request 42";
        Replica replica;
        using (source.StartActivity("startup"))
        {
            replica = World.Start("a", r => r.Logs.Logged = _ => seen.Add(ambient.Value + Activity.Current?.OperationName));
            await World.UntilAsync(() => replica.Leads, TimeSpan.FromSeconds(1), "it leads");
        }

        ambient.Value = null;
        seen.Clear();
        replica.Network.Inject(Fault.NotConnected() with { Verb = "patch", Times = 1 });
        await World.AdvanceAsync(TimeSpan.FromMinutes(1));

        replica.Logs.Count(303).Should().Be(1);
        seen.Should().NotBeEmpty().And.OnlyContain(text => string.IsNullOrEmpty(text));
    }

    [Fact]
    public async Task A_logger_and_a_metric_listener_that_throw_end_no_term()
    {
        using var meters = new MeterListener
        {
            InstrumentPublished = static (instrument, listener) =>
            {
                if (instrument.Meter.Name == HaTelemetry.SourceName)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        var thrown = 0;
        meters.SetMeasurementEventCallback<long>((_, _, _, _) => Throw());
        meters.SetMeasurementEventCallback<int>((_, _, _, _) => Throw());
        meters.SetMeasurementEventCallback<double>((_, _, _, _) => Throw());
        meters.Start();
        var leader = await World.StartLeaderAsync("leader", r => r.Logs.Logged = _ => Throw());
        var standby = World.Start("standby");
        leader.Network.Inject(Fault.NotConnected() with { Verb = "patch", Times = 3 });
        await World.AdvanceAsync(TimeSpan.FromMinutes(2));

        leader.Terms.Should().ContainSingle();
        thrown.Should().BeGreaterThan(10);
        await World.WhileAdvancingAsync(leader.StopAsync());
        await World.UntilAsync(() => standby.Leads, TimeSpan.FromSeconds(0.1), "the lock was released all the same");
        leader.Failure.Should().BeNull();

        void Throw()
        {
            Interlocked.Increment(ref thrown);
            throw new IOException("The disk is full.");
        }
    }

    [Fact]
    public async Task Terms_that_were_won_together_are_not_renewed_together()
    {
        for (var i = 0; i < 50; i++)
        {
            World.Start("p", component: LeaderComponent.Custom($"c{i}"));
        }

        World.Forget();
        await World.AdvanceAsync(TimeSpan.FromMinutes(1));
        World.Forget();
        var slots = new List<int>();
        for (var i = 0; i < 20; i++)
        {
            World.Server.ClearRequests();
            await World.AdvanceAsync(TimeSpan.FromMilliseconds(100));
            slots.Add(World.Server.Requests.Count(request => request.Verb == "patch"));
        }

        slots.Sum().Should().BeInRange(48, 52);
        slots.Max().Should().BeLessThan(15, $"50 in 20 slots were {string.Join(' ', slots)}");
        World.Forget();
    }

    [Fact]
    public async Task A_server_that_asks_for_a_pause_gets_it_as_long_as_the_deadline_allows()
    {
        var leader = await World.StartLeaderAsync("leader");
        await World.AdvanceAsync(TimeSpan.FromSeconds(5));
        World.Server.ClearRequests();
        leader.Network.Inject(Fault.Respond(System.Net.HttpStatusCode.TooManyRequests, """{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"TooManyRequests","details":{"retryAfterSeconds":4},"code":429}""", "application/json") with { Verb = "patch", Times = 2 });
        await World.AdvanceAsync(TimeSpan.FromSeconds(20));

        leader.Terms.Should().ContainSingle();
        leader.Logs.Count(303).Should().Be(2);
        World.Server.Requests.Count(request => request.Verb == "patch").Should().BeLessThanOrEqualTo(8, "it would be 10 without the pauses");
    }

    [Fact]
    public async Task What_stands_is_what_counts_where_an_admission_webhook_rewrites_annotations()
    {
        var replica = World.Start("a", r => r.Address = "http://a");
        World.Server.Admit(static item =>
        {
            // As a webhook that parses and writes annotations: its own order and spacing of the members.
            if (item["metadata"]?["annotations"] is JsonObject annotations && annotations[HaNames.LockAnnotation] is JsonValue text)
            {
                var record = JsonNode.Parse(text.GetValue<string>())!.AsObject();
                annotations[HaNames.LockAnnotation] = "{ " + string.Join(", ", record.OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => $"\"{m.Key}\": {m.Value!.ToJsonString()}")) + " }";
            }
        });
        await World.UntilAsync(() => replica.Leads, TimeSpan.FromSeconds(1), "it leads");
        World.Server.ClearRequests();
        await World.AdvanceAsync(TimeSpan.FromMinutes(1));
        await World.WhileAdvancingAsync(replica.Term!.Writes.PatchAsync([PatchOperation.Add("/data/mine", "1")], Token));

        replica.Terms.Should().ContainSingle();
        replica.Logs.Count(304).Should().Be(0);
        World.Server.Requests.Count(request => request.Verb == "get").Should().Be(0);
    }

    [Fact]
    public async Task Whom_a_contender_waits_for_is_logged_once()
    {
        await World.CreateAsync("""{"holderIdentity":"client-go-7","leaseDurationSeconds":86400}""");
        var replica = World.Start("a");
        await World.AdvanceAsync(TimeSpan.FromHours(2));
        replica.Logs.Of(311).Should().ContainSingle().Which.Should().Contain("client-go-7").And.Contain("86400 s");
    }

    [Fact]
    public async Task A_contender_that_cannot_contend_says_so_again_while_it_lasts_and_when_it_comes_back()
    {
        await World.CreateAsync();
        World.Server.Deny("a", "patch", "configmaps");
        var replica = World.Start("a");
        await World.AdvanceAsync(TimeSpan.FromMinutes(16));
        replica.Logs.Count(307).Should().Be(4, "at once, and every 5 minutes");
        replica.Service.LastFailure!.Exception.Message.Should().Contain("patch");
        replica.Service.LastFailure.Time.Should().BeCloseTo(World.Time.GetUtcNow(), TimeSpan.FromSeconds(5));

        // Allowed, but another holds the lock meanwhile; then refused again: that is news.
        World.Server.Allow("a", "patch", "configmaps");
        await World.UntilAsync(() => replica.Leads, TimeSpan.FromSeconds(5), "it leads");
        await World.EditLockAsync("""{"holderIdentity":"other","leaseDurationSeconds":15}""");
        World.Server.Deny("a", "patch", "configmaps");
        await World.AdvanceAsync(TimeSpan.FromSeconds(30));
        replica.Logs.Count(307).Should().Be(5);
        World.Server.Allow("a", "patch", "configmaps");
    }

    [Fact]
    public async Task An_election_says_who_leads()
    {
        var leader = await World.StartLeaderAsync("leader");
        var standby = World.Start("standby");
        await World.AdvanceAsync(TimeSpan.FromSeconds(1));

        (leader.Service.IsLeader, leader.Service.CurrentTerm).Should().Be((true, leader.Term));
        leader.Service.Holder.Should().Be(new LockHolder("leader", leader.Service.Holder!.Since, IsThisProcess: true));
        leader.Service.Holder.Since.Should().BeCloseTo(World.Time.GetUtcNow(), TimeSpan.FromSeconds(2));
        (standby.Service.IsLeader, standby.Service.CurrentTerm, standby.Service.LastFailure).Should().Be((false, null, null));
        standby.Service.Holder!.Identity.Should().Be("leader");
        standby.Service.Holder.IsThisProcess.Should().BeFalse();

        await World.WhileAdvancingAsync(leader.StopAsync());
        leader.Service.IsLeader.Should().BeFalse();
        leader.Service.Holder.Should().BeNull("it does not contend");
        await World.UntilAsync(() => standby.Service.IsLeader, TimeSpan.FromSeconds(1), "the standby leads");
    }
}
