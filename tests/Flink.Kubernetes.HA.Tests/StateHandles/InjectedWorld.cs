using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.StateHandles;
using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.Tests.StateHandles;

/// <summary>Runs one operation with something going wrong, and judges what stands afterwards by what the caller was told.</summary>
internal sealed class InjectedWorld : IAsyncDisposable
{
    private readonly StoreOperation _operation;
    private readonly StateHandle _x;
    private readonly StateHandle _y;
    private StateHandleStore? _successor;

    private InjectedWorld(StoreCluster cluster, StoreOperation operation, StateHandle x, StateHandle y) =>
        (Cluster, _operation, _x, _y) = (cluster, operation, x, y);

    public StoreCluster Cluster { get; }

    /// <summary>What the operation failed with.</summary>
    public Exception? Failure { get; private set; }

    public static async Task<InjectedWorld> StartAsync(StoreOperation operation)
    {
        var cluster = await StoreCluster.StartAsync();
        var x = await cluster.AddAsync("x", "x0");
        var y = await cluster.AddAsync("y", "y0");
        await cluster.AddAsync("m", "m0");
        await cluster.MarkAsync("m");
        await cluster.RunAsync(() => cluster.Store.CreateBatch().SetValue("counter", null, "1").CommitAsync(StoreCluster.Token));
        return new InjectedWorld(cluster, operation, x, y);
    }

    public async Task TakeOverAsync() => _successor ??= await Cluster.TakeOverAsync();

    public Task Start(CancellationToken cancellationToken) => Task.Run(
        async () =>
        {
            try
            {
                await _operation.Run(Cluster.Store, _x, _y, cancellationToken);
            }
            catch (Exception exception)
            {
                Failure = exception;
            }
        },
        StoreCluster.Token);

    /// <summary>Whoever leads writes once more, all that is late comes in, and then what stands must fit what was told.</summary>
    public async Task JudgeAsync(string what)
    {
        var store = _successor ?? Cluster.Store;
        var afterwards = await Cluster.RunAsync(() => store.AddAsync("z", StoreCluster.Stream("z1"), StoreCluster.Token));
        await StandsAsync(what);
        await Cluster.Election.AdvanceAsync(TimeSpan.FromSeconds(30));
        await Cluster.RunAsync(() => store.RemoveAsync(afterwards, StoreCluster.Token));
        var state = await StandsAsync(what);

        // However often an opening broke off, the ConfigMap and the storage belong together for the next.
        await Cluster.RunAsync(() => StateHandleStore.OpenAsync(store.Term, Cluster.Data, StoreCluster.Prefix, StoreCluster.Token));
        string[] allowed = Failure switch
        {
            // Refused is refused, also where the refusal came late.
            null => [_operation.After],
            StateHandleExistsException when _operation.Name == "add over live" => [StoreOperation.Before],
            LeadershipLostException or KubeClientException => [StoreOperation.Before],

            // Either nothing was written, or the entry is marked and its data is to be deleted yet.
            StateStorageException => _operation.Removes ? [StoreOperation.Before, _operation.After] : [StoreOperation.Before],
            StateOutcomeUnknownException or OperationCanceledException => [StoreOperation.Before, _operation.After],
            _ => [],
        };
        Assert.True(allowed.Contains(state), $"{_operation.Name}, {what}: after {Failure?.GetType().Name ?? "success"} there stands {state}.\n{Failure}\n{Cluster.Leader.Logs.Text}");
    }

    /// <summary>Whoever leads undoes all there is at once; when all that is late has come in, nothing of it may have risen again.</summary>
    public async Task UndoAsync(string what)
    {
        var store = _successor ?? Cluster.Store;
        await Cluster.RunAsync(async () =>
        {
            await store.ClearAsync(StoreCluster.Token);
            var counter = (await Cluster.Reader.ReadAsync(StoreCluster.Token)).TryGetValue("counter");
            await store.CreateBatch().SetValue("counter", counter, "1").SetValue("undone", null, "1").CommitAsync(StoreCluster.Token);
        });
        await Cluster.Election.AdvanceAsync(TimeSpan.FromSeconds(30));
        var state = await StandsAsync(what);
        Assert.True(state == "counter=1", $"{_operation.Name}, {what}: when all was undone, there rose {state}.\n{Failure}\n{Cluster.Leader.Logs.Text}");
    }

    public ValueTask DisposeAsync() => Cluster.DisposeAsync();

    /// <summary>Reads all there is: no pointer may dangle.</summary>
    private async Task<string> StandsAsync(string what)
    {
        try
        {
            var entries = await Cluster.ReadBackAsync();
            return string.Join(',', entries.Where(entry => entry.Key != "z").Select(entry => $"{entry.Key}={entry.Value}").Append($"counter={await Cluster.ValueAsync("counter")}"));
        }
        catch (StateStorageException exception)
        {
            Assert.Fail($"{_operation.Name}, {what}: after {Failure?.GetType().Name ?? "success"} a pointer dangles: {exception.Message}\n{Failure}\n{Cluster.Leader.Logs.Text}");
            throw;
        }
    }
}
