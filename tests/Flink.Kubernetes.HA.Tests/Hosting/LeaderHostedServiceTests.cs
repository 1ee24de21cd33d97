using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.Tests.Hosting;

/// <summary>Hosts as a user builds them, on real elections in simulated time.</summary>
[Collection(SimulatedTime.Name)]
public sealed class LeaderHostedServiceTests : IAsyncDisposable
{
    private readonly HaWorld _world = new();
    private readonly RecordingLoggerFactory _log = new();
    private readonly Script _script;
    private readonly List<IHost> _hosts = [];

    public LeaderHostedServiceTests() => _script = new Script(_world);

    [Fact]
    public async Task Work_runs_while_leading_in_a_scope_of_its_own()
    {
        _script.Work = (_, cancellationToken) => _script.Turns.Count < 3 ? Task.CompletedTask : Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
        await StartAsync();

        await TurnAsync(3);

        _script.Events.Should().Equal("run 1", "scope 1 disposed", "run 2", "scope 2 disposed", "run 3");
        _script.Turns.Select(turn => turn.Term.SessionId).Should().OnlyHaveUniqueItems();
    }

    [Fact]
    public async Task The_lock_is_released_after_the_work_and_its_scope_have_ended_when_the_host_stops()
    {
        var workMayEnd = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _script.Work = (_, _) => workMayEnd.Task;
        var host = await StartAsync();
        await TurnAsync(1);

        var stop = host.StopAsync(HaWorld.Token);
        await _world.AdvanceAsync(TimeSpan.FromMinutes(1));
        _script.Term.Stopping.IsCancellationRequested.Should().BeTrue();
        _script.Term.IsLeading.Should().BeTrue();
        stop.IsCompleted.Should().BeFalse();
        workMayEnd.SetResult();
        await _world.WhileAdvancingAsync(stop);

        _script.Events.Should().Equal("run 1", "scope 1 disposed");
        _script.Term.LossReason.Should().Be(LeadershipLossReason.Released);
        (await _world.ReadRecordAsync()).IsReleased.Should().BeTrue();
    }

    [Fact]
    public async Task Work_that_outlasts_the_host_is_named_and_its_lock_is_not_released()
    {
        var workMayEnd = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _script.Work = (_, _) => workMayEnd.Task;
        var host = await StartAsync();
        await TurnAsync(1);
        using var shutdown = new CancellationTokenSource();

        var stop = host.StopAsync(shutdown.Token);
        await _world.AdvanceAsync(TimeSpan.FromSeconds(12));
        _log.Of(514).Should().HaveCount(2).And.OnlyContain(line => line.Contains("dispatcher"));
        _script.Term.IsLeading.Should().BeTrue("the host still waits");
        await shutdown.CancelAsync();
        await _world.WhileAdvancingAsync(stop);
        _log.Of(515).Should().ContainSingle().Which.Should().Contain("not released");
        var disposal = ((IAsyncDisposable)host).DisposeAsync().AsTask();
        _hosts.Remove(host);
        await _world.WhileAdvancingAsync(disposal);

        _script.Term.LossReason.Should().Be(LeadershipLossReason.Abandoned);
        (await _world.ReadRecordAsync()).IsReleased.Should().BeFalse();
        workMayEnd.SetResult();
        await _world.AdvanceAsync(TimeSpan.FromSeconds(5));
        (await _world.ReadRecordAsync()).IsReleased.Should().BeFalse("the client is gone");
    }

    [Fact]
    public async Task A_host_that_stops_cancels_its_work_and_hands_over_to_the_next()
    {
        var first = await StartAsync();
        await TurnAsync(1);
        await StartAsync();
        await _world.AdvanceAsync(TimeSpan.FromSeconds(1));

        await _world.WhileAdvancingAsync(first.StopAsync(HaWorld.Token));
        await TurnAsync(2);

        _script.Gaps.Single().Should().BeLessThan(1.5);
        _script.Events.Should().Equal("run 1", "scope 1 disposed", "run 2");
    }

    [Fact]
    public async Task Work_that_returns_releases_the_lock_and_contends_again_after_a_retry_period()
    {
        _script.Work = (_, _) => Task.CompletedTask;
        await StartAsync();

        await TurnAsync(3);

        _script.Gaps.Should().AllSatisfy(gap => gap.Should().BeApproximately(2, 0.1));
        _log.Ids.Should().NotContain(512);
    }

    [Fact]
    public async Task Work_that_fails_is_logged_and_contends_again_after_a_growing_wait()
    {
        _script.Work = (_, _) => throw new InvalidOperationException("broken");
        await StartAsync();

        await TurnAsync(7);

        var waits = new double[] { 2, 4, 8, 16, 30, 30 };
        _script.Gaps.Zip(waits).Should().HaveCount(6).And.AllSatisfy(gap => gap.First.Should().BeApproximately(gap.Second, 0.1));
        _log.Count(512).Should().BeGreaterThanOrEqualTo(6);
    }

    [Fact]
    public async Task Work_that_can_t_be_created_is_logged_and_the_lock_released()
    {
        await StartAsync(failToCreate: true);

        await _world.UntilAsync(() => _log.Count(305) == 1, TimeSpan.FromSeconds(1), "the lock is released");

        _log.Ids.Should().Contain(512);
    }

    [Fact]
    public async Task After_a_loss_it_contends_again_at_once()
    {
        await StartAsync();
        await TurnAsync(1);
        await _world.AdvanceAsync(TimeSpan.FromSeconds(1));

        await _world.EditLockAsync("""{"holderIdentity":"","leaseDurationSeconds":1}""");
        await TurnAsync(2);

        _script.Gaps.Single().Should().BeLessThan(1.1);
        _log.Ids.Should().NotContain(512).And.NotContain(513);
    }

    [Fact]
    public async Task Work_that_overstays_its_term_is_warned_about()
    {
        var mayEnd = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _script.Work = (_, _) => mayEnd.Task;
        await StartAsync();
        await TurnAsync(1);
        await _world.DeleteAsync();

        // Lease less renew deadline: from then on another can lead.
        await _world.AdvanceAsync(TimeSpan.FromSeconds(4.9));
        _log.Count(513).Should().Be(0);
        await _world.AdvanceAsync(TimeSpan.FromSeconds(0.2));
        _log.Count(513).Should().Be(1);
        _script.Turns.Should().ContainSingle();
        mayEnd.SetResult();

        await TurnAsync(2);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts)
        {
            await _world.WhileAdvancingAsync(host.StopAsync(HaWorld.Token));
            await _world.WhileAdvancingAsync(((IAsyncDisposable)host).DisposeAsync().AsTask());
        }

        await _world.DisposeAsync();
    }

    private async Task<IHost> StartAsync(bool failToCreate = false)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services
            .AddSingleton<TimeProvider>(_world.Time)
            .AddSingleton<ILoggerFactory>(_log)
            .AddSingleton(_ => _world.Server.CreateClient("host"))
            .AddScoped(_ => failToCreate ? throw new InvalidOperationException("can't be created") : new ScriptedService(_script))
            .AddKubernetesHa(
                options => (options.ClusterId, options.Namespace) = (HaWorld.ClusterId, HaWorld.Namespace),
                provider => provider.GetRequiredService<k8s.Kubernetes>())
            .AddLeaderService<ScriptedService>(LeaderComponent.Dispatcher);
        var host = builder.Build();
        _hosts.Add(host);
        await host.StartAsync(HaWorld.Token);
        return host;
    }

    private Task TurnAsync(int number) => _world.UntilAsync(() => _script.Turns.Count >= number, TimeSpan.FromMinutes(3), $"turn {number} has begun");
}
