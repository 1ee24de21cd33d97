using System.Collections.Concurrent;
using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.KubeClient.Watching;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.Testing;

namespace Flink.Kubernetes.HA.Tests.LeaderElection;

/// <summary>One process of a simulated cluster: contends for a component, and leads until it is told to stop.</summary>
internal sealed class Replica : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly HaMetrics _metrics = new();
    private Task _run = Task.CompletedTask;

    public Replica(string name, InMemoryApiServer server, ManualTimeProvider time, LeaderElectionOptions? options = null, TimeProvider? clock = null, LeaderComponent? component = null)
    {
        Name = name;
        var processClock = clock ?? time;
        Options = options ?? new LeaderElectionOptions();
        Component = component ?? LeaderComponent.Dispatcher;
        Client = new FaultInjectingKubeClient(server.CreateClient(name), time);
        Watches = new SharedWatches(Client, processClock, Logs, _metrics);
        Service = new LeaderElectionService(Component, ElectionCluster.Namespace, ElectionCluster.ClusterId, name, Options, Client, Watches, processClock, Logs, _metrics);
        Work = async term => await Task.Delay(Timeout.InfiniteTimeSpan, term.Stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public string Name { get; }

    public LeaderComponent Component { get; }

    public LeaderElectionOptions Options { get; }

    public FaultInjectingKubeClient Client { get; }

    public SharedWatches Watches { get; }

    public LeaderElectionService Service { get; }

    public RecordingLoggerFactory Logs { get; } = new();

    /// <summary>What it does while it leads; the term is disposed when it returns.</summary>
    public Func<LeadershipTerm, Task> Work { get; set; }

    public string? Address { get; set; }

    /// <summary>Its terms so far.</summary>
    public ConcurrentQueue<LeadershipTerm> Terms { get; } = new();

    public LeadershipTerm? Term => Terms.LastOrDefault();

    public bool Leads => Term is { IsLeading: true };

    public Exception? Failure { get; private set; }

    public Exception? TakeFailure()
    {
        var failure = Failure;
        Failure = null;
        return failure;
    }

    public Replica Start()
    {
        _run = Task.Run(RunAsync);
        return this;
    }

    /// <summary>A graceful end: contending is cancelled, the work ends, the lock is given up.</summary>
    public Task StopAsync()
    {
        _stop.Cancel();
        return _run;
    }

    /// <summary>As SIGKILL: nothing more reaches the server, and nothing comes back.</summary>
    public void Crash() => Client.Partition();

    public async ValueTask DisposeAsync()
    {
        Client.Heal();
        await StopAsync();
        await Watches.DisposeAsync();
        _metrics.Dispose();
    }

    private async Task RunAsync()
    {
        try
        {
            var terms = Address is null ? Service.ContendAsync(_stop.Token) : Service.ContendAsync(Address, _stop.Token);
            await foreach (var term in terms)
            {
                Terms.Enqueue(term);
                await Work(term);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
        }
        catch (Exception exception)
        {
            Failure = exception;
        }
    }
}
