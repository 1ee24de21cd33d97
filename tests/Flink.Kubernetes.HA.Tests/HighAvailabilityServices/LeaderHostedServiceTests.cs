using Flink.Kubernetes.HA.LeaderElection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.Tests.HighAvailabilityServices;

public sealed class LeaderHostedServiceTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly FakeServices _services = new();
    private readonly InstantTimeProvider _time = new();
    private readonly RecordingLogger _log = new();
    private readonly Script _script = new();

    [Fact]
    public async Task Work_runs_while_leading_in_a_scope_of_its_own()
    {
        await using var host = await StartAsync();
        await using var first = await WonTerm.WinAsync();
        await using var second = await WonTerm.WinAsync();
        _services.Win(first);
        _services.Win(second);

        Assert.Same(first.Term, (await _script.RunAsync(_ => Task.CompletedTask)).Term);
        await first.Released.WaitAsync(Patience, TestContext.Current.CancellationToken);
        Assert.Same(second.Term, (await _script.RunAsync(_ => Task.CompletedTask)).Term);
        await second.Released.WaitAsync(Patience, TestContext.Current.CancellationToken);

        Assert.Equal(["run 1", "scope 1 disposed", "run 2", "scope 2 disposed"], _script.Events);
    }

    [Fact]
    public async Task The_lock_is_released_after_the_work_and_its_scope_have_ended_when_the_host_stops()
    {
        var host = await StartAsync();
        await using var term = await WonTerm.WinAsync();
        _services.Win(term);
        var workMayEnd = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await _script.RunAsync(async cancellationToken =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken).ContinueWith(_ => { }, TaskScheduler.Default);
            await workMayEnd.Task;
        });

        term.Stop();
        var stop = host.Service.StopAsync(TestContext.Current.CancellationToken);
        Assert.False(term.Released.IsCompleted);
        Assert.False(stop.IsCompleted);
        workMayEnd.SetResult();
        await stop.WaitAsync(Patience, TestContext.Current.CancellationToken);

        Assert.Equal(["run 1", "scope 1 disposed"], _script.Events);
        Assert.Equal(LeadershipLossReason.GivenUp, term.Term.LossReason);
        await host.DisposeAsync();
    }

    [Fact]
    public async Task Work_that_returns_gives_the_lock_up_and_contends_again_after_a_retry_period()
    {
        await using var host = await StartAsync();
        await TurnAsync(_ => Task.CompletedTask);
        await TurnAsync(_ => Task.CompletedTask);

        Assert.Equal([TimeSpan.FromSeconds(2)], _time.Waits.Take(1));
        Assert.Equal(2, _log.Ids.Count(id => id == 510));
        Assert.DoesNotContain(512, _log.Ids);
    }

    [Fact]
    public async Task Work_that_fails_is_logged_and_contends_again_after_a_growing_wait()
    {
        await using var host = await StartAsync();
        for (var i = 0; i < 6; i++)
        {
            await TurnAsync(_ => throw new InvalidOperationException("broken"));
        }

        await TurnAsync(_ => Task.CompletedTask);

        Assert.Equal([2, 4, 8, 16, 30, 30], _time.Waits.Take(6).Select(wait => wait.TotalSeconds));
        Assert.Equal(6, _log.Ids.Count(id => id == 512));
    }

    [Fact]
    public async Task Work_that_can_t_be_created_is_logged_and_the_lock_released()
    {
        await using var host = await StartAsync(failToCreate: true);
        await using var term = await WonTerm.WinAsync();
        _services.Win(term);

        await term.Released.WaitAsync(Patience, TestContext.Current.CancellationToken);

        Assert.Contains(512, _log.Ids);
    }

    [Fact]
    public async Task After_a_loss_it_contends_again_at_once()
    {
        await using var host = await StartAsync();
        await using var term = await WonTerm.WinAsync();
        _services.Win(term);
        await _script.RunAsync(cancellationToken => Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken));

        await term.LoseAsync();
        await term.Released.WaitAsync(Patience, TestContext.Current.CancellationToken);
        await using var next = await WonTerm.WinAsync();
        _services.Win(next);
        await _script.RunAsync(cancellationToken => Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken));

        Assert.DoesNotContain(512, _log.Ids);
        // The one wait there may be is the reminder for work that overstays: lease less renew deadline.
        Assert.All(_time.Waits, wait => Assert.Equal(TimeSpan.FromSeconds(5), wait));
        next.Stop();
    }

    [Fact]
    public async Task Work_that_overstays_its_term_is_warned_about()
    {
        await using var host = await StartAsync();
        await using var term = await WonTerm.WinAsync();
        _services.Win(term);
        var mayEnd = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await _script.RunAsync(_ => mayEnd.Task);

        await term.LoseAsync();
        await _log.WaitForAsync(513).WaitAsync(Patience, TestContext.Current.CancellationToken);
        Assert.False(term.Released.IsCompleted);
        mayEnd.SetResult();

        await term.Released.WaitAsync(Patience, TestContext.Current.CancellationToken);
    }

    private async Task TurnAsync(Func<CancellationToken, Task> work)
    {
        await using var term = await WonTerm.WinAsync();
        _services.Win(term);
        await _script.RunAsync(work);
        await term.Released.WaitAsync(Patience, TestContext.Current.CancellationToken);
    }

    private async Task<RunningHost> StartAsync(bool failToCreate = false)
    {
        var provider = new ServiceCollection()
            .AddSingleton(_script)
            .AddScoped(services => failToCreate ? throw new InvalidOperationException("can't be created") : new ScriptedService(services.GetRequiredService<Script>()))
            .BuildServiceProvider();
        var service = new LeaderHostedService<ScriptedService>(
            LeaderComponent.Dispatcher, new LeaderElectionOptions(), _services, provider.GetRequiredService<IServiceScopeFactory>(), _time, _log);
        await service.StartAsync(TestContext.Current.CancellationToken);
        return new RunningHost(service, provider);
    }

    private sealed record RunningHost(BackgroundService Service, ServiceProvider Provider) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await Service.StopAsync(CancellationToken.None);
            Service.Dispose();
            await Provider.DisposeAsync();
        }
    }
}
