using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.StateHandles;
using Flink.Kubernetes.HA.Storage;
using Flink.Kubernetes.HA.Testing;
using Flink.Kubernetes.HA.Tests.ApiServer;
using Flink.Kubernetes.HA.Tests.RealServer;

namespace Flink.Kubernetes.HA.Tests.StateHandles.Model;

/// <summary>A real API server and a directory, in real time; leases are as short as they can be.</summary>
internal sealed class RealStoreWorld : StoreWorld
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly CancellationTokenSource _stop = new();
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("state-model-");
    private readonly RealElection _election;
    private readonly List<Task> _contending = [];

    private RealStoreWorld(RealElection election)
    {
        _election = election;
        Data = new FileSystemStateStorage(new FileSystemStateStorageOptions { RootDirectory = _directory.FullName });
        Reader = new StateHandleReader(election.Client, Data, election.Key, StoreCluster.Prefix);
        Processes = [.. new[] { "a", "b" }.Select(Start)];
    }

    public override IReadOnlyList<StoreProcess> Processes { get; }

    public override StateHandleReader Reader { get; }

    public override IStateStorage Data { get; }

    public override string Logs => _election.Logs.Text;

    protected override IKubeClient Admin => _election.Client;

    public static async Task<RealStoreWorld> StartAsync(RealApiServer server) => new(await RealElection.StartAsync(server));

    public override async Task UntilAsync(Func<bool> condition, string what)
    {
        var started = TimeProvider.System.GetTimestamp();
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        while (!condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < Limit, $"Within {Limit.TotalSeconds} s it did not come about that {what}.\n{Logs}");
            Assert.DoesNotContain(_contending, process => process.IsFaulted);
            await tick.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }
    }

    public override Task LapseAsync() => TestTime.PassAsync(TimeSpan.FromSeconds(2));

    public override async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_contending);
        await _election.DisposeAsync();
        foreach (var process in Processes)
        {
            process.Storage.Dispose();
            await process.Client.DisposeAsync();
        }

        _directory.Delete(recursive: true);
    }

    private StoreProcess Start(string name)
    {
        var client = new FaultInjectingKubeClient(_election.Server.CreateClient());
        var services = _election.CreateServices(name, client, times =>
        {
            times.LeaseDuration = TimeSpan.FromSeconds(2);
            times.RenewDeadline = TimeSpan.FromSeconds(1.5);
            times.RetryPeriod = TimeSpan.FromSeconds(0.4);
            times.RequestTimeout = TimeSpan.FromSeconds(1);
        });
        LeadershipTerm? current = null;
        _contending.Add(Task.Run(async () =>
        {
            try
            {
                await foreach (var term in services.GetLeaderElection(RealElection.Component).ContendAsync(_stop.Token))
                {
                    Volatile.Write(ref current, term);
                    await Task.Delay(Timeout.InfiniteTimeSpan, term.Stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                }
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
            }
        }));
        return new StoreProcess(name, client, new FaultInjectingStateStorage(Data), () => Volatile.Read(ref current));
    }
}
