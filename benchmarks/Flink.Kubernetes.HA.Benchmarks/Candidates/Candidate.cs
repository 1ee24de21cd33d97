using System.Globalization;
using System.Runtime.InteropServices;
using Flink.Kubernetes.HA.LeaderElection;
using k8s;
using k8s.LeaderElection;
using k8s.LeaderElection.ResourceLock;

namespace Flink.Kubernetes.HA.Benchmarks.Candidates;

/// <summary>A process that contends until SIGTERM: with this library, or with the elector of the official C# client. Its command line and its
/// output are those of benchmarks/peers/elector.go.</summary>
internal sealed class Candidate(CommandLine arguments)
{
    private readonly string _identity = arguments.Required("--identity");
    private readonly CountingHandler _requests = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _output = new();
    private int _leading;

    public async Task RunAsync()
    {
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
        {
            context.Cancel = true;
            _stop.Cancel();
        });
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
        {
            context.Cancel = true;
            Say($"heap={GC.GetTotalMemory(forceFullCollection: true)}");
        });
        using var timer = new Timer(_ => Say($"requests {_requests}"), null, TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(5));

        // The harness may be killed: its end closes our standard input.
        _ = Task.Run(async () =>
        {
            await Console.In.ReadToEndAsync();
            Environment.Exit(3);
        });
        var configuration = KubernetesClientConfiguration.BuildConfigFromConfigFile(arguments.Required("--kubeconfig"));
        await (arguments.Required("--client") == "csharp" ? RunOfficialAsync(configuration) : RunOursAsync(configuration));
        Say($"requests {_requests}");
    }

    private async Task RunOursAsync(KubernetesClientConfiguration configuration)
    {
        var options = new KubernetesHaOptions { ClusterId = arguments.Required("--name"), Namespace = arguments.Required("--namespace"), Identity = _identity };
        options.LeaderElection.LeaseDuration = arguments.Duration("--lease-duration");
        options.LeaderElection.RenewDeadline = arguments.Duration("--renew-deadline");
        options.LeaderElection.RetryPeriod = arguments.Duration("--retry-period");
        options.LeaderElection.HeartbeatMode = Enum.Parse<HeartbeatMode>(arguments.Value("--heartbeat-mode", nameof(HeartbeatMode.ConfigMap)));
        using var client = configuration.CreateHaClient(options.ApiServer, handlers: _requests);
        await using var services = new KubernetesHaServices(options, client);
        var count = arguments.Number("--components", 1);
        var elections = Enumerable.Range(0, count).Select(i => services.GetLeaderElection(LeaderComponent.Custom($"c{i}"))).ToList();
        var observing = ObserveAsync(elections);
        await Task.WhenAll(elections.Select(election => Task.Run(() => ContendAsync(election, count))));
        await observing;
    }

    private async Task ContendAsync(ILeaderElectionService election, int count)
    {
        try
        {
            await foreach (var term in election.ContendAsync($"http://{_identity}", _stop.Token))
            {
                var led = Interlocked.Increment(ref _leading);
                if (led == 1)
                {
                    Say("started");
                }

                if (led == count)
                {
                    Say("all");
                }

                using var lost = term.Lost.Register(() =>
                {
                    Interlocked.Decrement(ref _leading);
                    Say("stopped");
                });
                await Task.Delay(Timeout.Infinite, term.Stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
        }
    }

    /// <summary>Says whom this process has observed to lead. The library's own listeners would say it at once, but would be measured, too.</summary>
    private async Task ObserveAsync(List<ILeaderElectionService> elections)
    {
        string? last = null;
        var unknown = elections.ToList();
        while (!_stop.IsCancellationRequested)
        {
            if (elections[0].Holder?.Identity is { } holder && holder != last)
            {
                last = holder;
                Say($"leader={holder[..holder.LastIndexOf('_')]}");
            }

            if (unknown.Count > 0 && unknown.RemoveAll(election => election.Holder is not null) > 0 && unknown.Count == 0)
            {
                Say("known");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(500), _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task RunOfficialAsync(KubernetesClientConfiguration configuration)
    {
        using var client = new k8s.Kubernetes(configuration, _requests);
        using var elector = new LeaderElector(new LeaderElectionConfig(new LeaseLock(client, arguments.Required("--namespace"), arguments.Required("--name"), _identity))
        {
            LeaseDuration = arguments.Duration("--lease-duration"),
            RenewDeadline = arguments.Duration("--renew-deadline"),
            RetryPeriod = arguments.Duration("--retry-period"),
        });
        elector.OnStartedLeading += () => Say("started");
        elector.OnStoppedLeading += () => Say("stopped");
        elector.OnNewLeader += leader => Say($"leader={leader}");
        try
        {
            await elector.RunAndTryToHoldLeadershipForeverAsync(_stop.Token);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
        }
    }

    private void Say(string line)
    {
        lock (_output)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Clock.Now:F6} {_identity} {line}"));
        }
    }
}
