using System.Collections.Concurrent;
using Flink.Kubernetes.HA.ConfigMaps;
using Flink.Kubernetes.HA.ConfigMaps.Watching;
using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.LeaderElection.Heartbeats;
using Flink.Kubernetes.HA.Testing;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.TestInfrastructure.Worlds;

/// <summary>One process of a simulated cluster: contends for a component, and leads until it is told to stop.</summary>
internal sealed class Replica : IAsyncDisposable
{
    private CancellationTokenSource _stop = new();
    private readonly HaMetrics _metrics = new();
    private readonly ProcessHeartbeats _heartbeats;
    private readonly k8s.Kubernetes _client;
    private Task _run = Task.CompletedTask;

    public Replica(
        string name, InMemoryApiServer server, ManualTimeProvider time, LeaderElectionOptions? options = null, TimeProvider? clock = null, LeaderComponent? component = null, WatchSettings? watches = null)
    {
        Name = name;
        var processClock = clock ?? time;
        Options = options ?? new LeaderElectionOptions();
        Component = component ?? LeaderComponent.Dispatcher;
        Network = new FaultInjectingHandler(time);
        _client = server.CreateClient(name, Network, new Webhook(this));

        // As the services do it.
        var loggers = new GuardedLoggerFactory(Logs);

        // No retries below the code under test: each call that fails is one that it sees.
        Requests = new ConfigMapRequests(_client, TimeSpan.FromSeconds(10), maxRetries: 0, processClock, loggers.CreateLogger(name), _metrics);
        Watches = new SharedWatches(Requests, processClock, loggers, _metrics, watches, HaNames.LabelSelector(HaWorld.ClusterId));
        _heartbeats = ProcessHeartbeats.Create(HaWorld.Namespace, HaWorld.ClusterId, name, Options, Requests, Watches, processClock, loggers, _metrics);
        Elect = other => new LeaderElectionService(
            other, HaWorld.Namespace, HaWorld.ClusterId, name, Options, Requests, Watches, processClock, loggers, _metrics, _heartbeats);
        Service = Elect(Component);
        Work = async term => await Task.Delay(Timeout.InfiniteTimeSpan, term.Stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public string Name { get; }

    public LeaderComponent Component { get; }

    public LeaderElectionOptions Options { get; }

    /// <summary>The way to the API server, and what goes wrong on it.</summary>
    public FaultInjectingHandler Network { get; }

    /// <summary>The status that the server answers a request with, by its body, such as one that a webhook fails for.</summary>
    public Func<string, HttpStatusCode?> FailsFor { get; set; } = _ => null;

    public ConfigMapRequests Requests { get; }

    public SharedWatches Watches { get; }

    public LeaderElectionService Service { get; }

    /// <summary>Creates the election of another component in the same process.</summary>
    public Func<LeaderComponent, LeaderElectionService> Elect { get; }

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

    /// <summary>Contends again after <see cref="StopAsync"/>, with the same service.</summary>
    public Replica StartAgain()
    {
        _stop = new CancellationTokenSource();
        return Start();
    }

    /// <summary>A graceful end: contending is canceled, the work ends, the lock is released.</summary>
    public Task StopAsync()
    {
        _stop.Cancel();
        return _run;
    }

    /// <summary>As SIGKILL: nothing more reaches the server, and nothing comes back.</summary>
    public void Crash() => Network.Partition();

    public async ValueTask DisposeAsync()
    {
        Network.Heal();
        await StopAsync();
        await _heartbeats.DisposeAsync();
        await Watches.DisposeAsync();
        _metrics.Dispose();
        _client.Dispose();
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

    private sealed class Webhook(Replica replica) : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var body = request.Content is null ? string.Empty : await request.Content.ReadAsStringAsync(cancellationToken);
            return replica.FailsFor(body) is { } status
                ? new HttpResponseMessage(status)
                {
                    RequestMessage = request,
                    Content = new StringContent("""{"kind":"Status","apiVersion":"v1","status":"Failure","message":"failed calling webhook","code":500}""", null, "application/json"),
                }
                : await base.SendAsync(request, cancellationToken);
        }
    }
}
