using System.Diagnostics.CodeAnalysis;
using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.LeaderElection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.Hosting;

/// <summary>Contends for a component while the host runs, and runs one <typeparamref name="T"/> per term in its own scope.</summary>
internal sealed class LeaderHostedService<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] T>(
    LeaderComponent component,
    LeaderElectionOptions options,
    IHighAvailabilityServices services,
    IServiceScopeFactory scopes,
    TimeProvider timeProvider,
    ILogger logger) : BackgroundService
    where T : class, ILeaderService
{
    private static readonly TimeSpan ReminderPeriod = TimeSpan.FromSeconds(5);

    private readonly RestartDelay _delay = new(options.RetryPeriod);
    private readonly string _name = typeof(T).Name;
    private volatile bool _isWorking;

    /// <summary>Asks the work to end and waits for it, as long as the host does; names what it waits for.</summary>
    /// <param name="cancellationToken">The host stops waiting: its <c>ShutdownTimeout</c> has passed.</param>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        var asked = timeProvider.GetTimestamp();
        var reminder = timeProvider.CreateTimer(
            _ => WarnIfWorking(asked), null, ReminderPeriod, ReminderPeriod);
        await using (reminder.ConfigureAwait(false))
        {
            await base.StopAsync(cancellationToken).ConfigureAwait(false);
        }

        if (_isWorking)
        {
            // Nothing here can end the work. The services, which the host disposes next, end the term and do not release its lock.
            Log.LeaderServiceLeftBehind(logger, _name, component.Name, timeProvider.GetElapsedTime(asked));
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await foreach (var term in services.GetLeaderElection(component).ContendAsync(stoppingToken).ConfigureAwait(false))
            {
                // The term is released before the wait, so that another process can lead in the meantime.
                var delay = await LeadAsync(term).ConfigureAwait(false);
                await Task.Delay(delay, timeProvider, stoppingToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host is stopping: the last term has ended and was released above.
        }
    }

#pragma warning disable CA1031 // Whatever the user code throws, this process must release the lock and contend again.
    private async Task<TimeSpan> LeadAsync(LeadershipTerm term)
    {
        var started = timeProvider.GetTimestamp();
        Exception? failure = null;
        try
        {
            Log.LeaderServiceBegins(logger, _name, component.Name);
            _isWorking = true;
            await RunInScopeAsync(term).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (term.Stopping.IsCancellationRequested)
        {
            // The work ended because it was canceled.
        }
        catch (Exception exception)
        {
            failure = exception;
        }

        _isWorking = false;
        var wasLost = term.Lost.IsCancellationRequested;
        var delay = failure is not null ? _delay.AfterFailure(timeProvider.GetElapsedTime(started)) : _delay.AfterSuccess(wasLost);
        if (failure is null)
        {
            Log.LeaderServiceEnded(logger, _name, component.Name);
        }
        else
        {
            Log.LeaderServiceFailed(logger, failure, _name, component.Name, delay);
        }

        await term.DisposeAsync().ConfigureAwait(false);
        return delay;
    }
#pragma warning restore CA1031

    private void WarnIfWorking(long asked)
    {
        if (_isWorking)
        {
            Log.LeaderServiceIsSlowToStop(logger, _name, component.Name, timeProvider.GetElapsedTime(asked));
        }
    }

    private async Task RunInScopeAsync(LeadershipTerm term)
    {
        var scope = scopes.CreateAsyncScope();
        await using (scope.ConfigureAwait(false))
        {
            var lost = timeProvider.GetTimestamp();
            var reminder = timeProvider.CreateTimer(
                _ => Log.LeaderServiceOverstays(logger, _name, component.Name, timeProvider.GetElapsedTime(lost)),
                null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            await using (reminder.ConfigureAwait(false))
            {
                using var registration = term.Lost.UnsafeRegister(
                    _ =>
                    {
                        lost = timeProvider.GetTimestamp();
                        // From then on another process can be the leader.
                        reminder.Change(options.LeaseDuration - options.RenewDeadline, options.LeaseDuration);
                    }, null);
                await scope.ServiceProvider.GetRequiredService<T>().RunAsync(term, term.Stopping).ConfigureAwait(false);
            }
        }
    }
}

/// <summary>The delay after a term before contending again.</summary>
internal sealed class RestartDelay
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    private readonly TimeSpan _shortest;
    private TimeSpan _next;

    public RestartDelay(TimeSpan retryPeriod) => _next = _shortest = retryPeriod;

    /// <summary>A process that released the lock lets the others go first for a retry period; one that lost it contends at once.</summary>
    public TimeSpan AfterSuccess(bool wasLost)
    {
        _next = _shortest;
        return wasLost ? TimeSpan.Zero : _shortest;
    }

    /// <summary>Doubles from the retry period up to 30 s, and restarts when the work had run longer than that.</summary>
    public TimeSpan AfterFailure(TimeSpan ran)
    {
        if (ran > Longest)
        {
            _next = _shortest;
        }

        var delay = _next;
        _next = delay * 2 < Longest ? delay * 2 : delay > Longest ? delay : Longest;
        return delay;
    }
}
