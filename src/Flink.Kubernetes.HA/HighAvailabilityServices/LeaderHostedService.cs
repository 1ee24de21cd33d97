using System.Diagnostics.CodeAnalysis;
using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.LeaderElection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA;

/// <summary>Contends for a component as long as the host runs, and runs a <typeparamref name="T"/> of a scope of its own per term.</summary>
internal sealed class LeaderHostedService<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] T>(
    LeaderComponent component,
    LeaderElectionOptions options,
    IHighAvailabilityServices services,
    IServiceScopeFactory scopes,
    TimeProvider timeProvider,
    ILogger logger) : BackgroundService
    where T : class, ILeaderService
{
    private readonly RestartDelay _delay = new(options.RetryPeriod);
    private readonly string _name = typeof(T).Name;

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
            // The host stops: what led has ended and released above.
        }
    }

#pragma warning disable CA1031 // Whatever the user's work throws, this process must release the lock and contend again.
    private async Task<TimeSpan> LeadAsync(LeadershipTerm term)
    {
        var started = timeProvider.GetTimestamp();
        Exception? failure = null;
        try
        {
            Log.LeaderServiceBegins(logger, _name, component.Name);
            await RunInScopeAsync(term).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (term.Stopping.IsCancellationRequested)
        {
            // The work ended as it was told to.
        }
        catch (Exception exception)
        {
            failure = exception;
        }

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
                        // From then on another process may lead.
                        reminder.Change(options.LeaseDuration - options.RenewDeadline, options.LeaseDuration);
                    }, null);
                await scope.ServiceProvider.GetRequiredService<T>().RunAsync(term, term.Stopping).ConfigureAwait(false);
            }
        }
    }
}
