namespace Flink.Kubernetes.HA.RealServer.Tests.Model;

/// <summary>A real API server and a directory, in real time; leases are as short as they can be.</summary>
internal sealed class RealStoreWorld : StoreWorld
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly CancellationTokenSource _stop = new();
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("state-model-");
    private readonly RealElection _election;
    private readonly List<Task> _contending = [];
    private readonly List<k8s.Kubernetes> _clients = [];

    private RealStoreWorld(RealElection election)
    {
        _election = election;
        Data = new FileSystemStateStorage(new FileSystemStateStorageOptions { RootDirectory = _directory.FullName });
        Reader = new StateHandleReader(new ConfigMapReader(election.Requests, election.Namespace, RealElection.ClusterId, RealElection.Component), Data, Prefix);
        Processes = [.. new[] { "a", "b" }.Select(Start)];
    }

    public override IReadOnlyList<StoreProcess> Processes { get; }

    public override StateHandleReader Reader { get; }

    public override IStateStorage Data { get; }

    public override string Logs => _election.Logs.Text;

    protected override k8s.IKubernetes Admin => _election.Client;

    protected override ObjectKey Key => _election.Key;

    public static async Task<RealStoreWorld> StartAsync(RealApiServer server) => new(await RealElection.StartAsync(server));

    public override async Task UntilAsync(Func<bool> condition, string what)
    {
        var started = TimeProvider.System.GetTimestamp();
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        while (!condition())
        {
            TimeProvider.System.GetElapsedTime(started)
                .Should().BeLessThan(Limit, $"within {Limit.TotalSeconds} s it comes about that {what}\n{Logs}");
            _contending.Should().NotContain(process => process.IsFaulted);
            await tick.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }
    }

    public override Task LapseAsync() => TestTime.PassAsync(TimeSpan.FromSeconds(2));

    public override async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_contending);
        await _election.DisposeAsync();
        _clients.ForEach(client => client.Dispose());
        foreach (var process in Processes)
        {
            process.Storage.Dispose();
        }

        _directory.Delete(recursive: true);
    }

    private StoreProcess Start(string name)
    {
        var network = new FaultInjectingHandler();
        var client = _election.Connect(network);
        _clients.Add(client);
        var services = _election.CreateServices(name, client, times =>
        {
            times.LeaseDuration = TimeSpan.FromSeconds(2);
            times.RenewDeadline = TimeSpan.FromSeconds(1.5);
            times.RetryPeriod = TimeSpan.FromSeconds(0.4);
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
        return new StoreProcess(name, network, new FaultInjectingStateStorage(Data), () => Volatile.Read(ref current));
    }
}
