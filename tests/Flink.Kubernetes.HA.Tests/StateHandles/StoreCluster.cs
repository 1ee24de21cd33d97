using System.Text;
using System.Text.Json.Nodes;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.StateHandles;
using Flink.Kubernetes.HA.Storage;
using Flink.Kubernetes.HA.Testing;
using Flink.Kubernetes.HA.Tests.LeaderElection;

namespace Flink.Kubernetes.HA.Tests.StateHandles;

/// <summary>A leader with a store, in simulated time, and faults between it and both the API server and the storage.</summary>
internal sealed class StoreCluster : IAsyncDisposable
{
    public const string Prefix = "item-";

    private StoreCluster()
    {
        Data = new InMemoryStateStorage(Election.Time);
        Storage = new FaultInjectingStateStorage(Data, Election.Time);
        Reader = new StateHandleReader(Election.Admin, Data, ElectionCluster.Key, Prefix);
    }

    public ElectionCluster Election { get; } = new();

    /// <summary>The data as it is, without faults.</summary>
    public InMemoryStateStorage Data { get; }

    /// <summary>The data as the first leader sees it.</summary>
    public FaultInjectingStateStorage Storage { get; }

    /// <summary>Reads without faults and without leading.</summary>
    public StateHandleReader Reader { get; }

    public Replica Leader { get; private set; } = null!;

    public StateHandleStore Store { get; private set; } = null!;

    public FaultInjectingKubeClient Api => Leader.Client;

    public static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<StoreCluster> StartAsync()
    {
        var cluster = new StoreCluster();
        cluster.Leader = await cluster.Election.StartLeaderAsync("a");
        cluster.Store = StateHandleStore.Open(cluster.Leader.Term!, cluster.Storage, Prefix);
        return cluster;
    }

    public static MemoryStream Stream(string text) => new(Encoding.UTF8.GetBytes(text));

    public Task<T> RunAsync<T>(Func<Task<T>> run) => Election.WhileAdvancingAsync(Task.Run(run), TimeSpan.FromMinutes(5));

    public Task RunAsync(Func<Task> run) => Election.WhileAdvancingAsync(Task.Run(run), TimeSpan.FromMinutes(5));

    public Task<StateHandle> AddAsync(string name, string text) => RunAsync(() => Store.AddAsync(name, Stream(text), Token));

    /// <summary>Another process takes the lock at once, and the leader does not hear of it before its next request.</summary>
    public async Task<StateHandleStore> TakeOverAsync()
    {
        Api.SilenceWatches();
        var other = Election.Start("b");
        await Election.EditLockAsync("""{"holderIdentity":"","leaseDurationSeconds":1}""");
        await Election.UntilAsync(() => other.Leads, TimeSpan.FromSeconds(20), "b leads");

        // The lock was torn from its holder: that two believe to lead for a while is what is wanted here.
        Election.Forget();
        return StateHandleStore.Open(other.Term!, Data, Prefix);
    }

    /// <summary>Marks an entry as a removal does that breaks off before its data is deleted.</summary>
    public async Task<StateHandle> MarkAsync(string name)
    {
        using (Storage.Inject(StorageFaultRule.Fail() with { Verb = "delete", Times = 1 }))
        {
            await Assert.ThrowsAsync<StateStorageException>(() => RunAsync(() => Store.RemoveAsync(name, Token)));
        }

        return (await Reader.ReadAsync(Token)).BeingRemoved.Single(handle => handle.Name == name);
    }

    public async Task<string?> ValueAsync(string key) => (await Election.ReadAsync()).Data!.GetValueOrDefault(key);

    /// <summary>What someone else does to the data of the ConfigMap.</summary>
    public Task EditAsync(string key, string? value) => Election.EditAsync(new JsonObject { ["data"] = new JsonObject { [key] = value } });

    /// <summary>Reads every entry and its data, which must be what was written: no pointer dangles.</summary>
    public async Task<SortedDictionary<string, string>> ReadBackAsync()
    {
        var entries = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var handle in await Reader.ListAsync(Token))
        {
            entries[handle.Name] = Encoding.UTF8.GetString(await Reader.ReadBytesAsync(handle, Token));
        }

        return entries;
    }

    public async Task AssertEntriesAsync(params string[] expected) =>
        Assert.Equal(expected, (await ReadBackAsync()).Select(entry => $"{entry.Key}={entry.Value}"));

    /// <summary>No data is left that no pointer names.</summary>
    public async Task AssertNothingLeftBehindAsync()
    {
        var snapshot = await Reader.ReadAsync(Token);
        Assert.Equal(
            snapshot.Handles.Concat(snapshot.BeingRemoved).Select(handle => handle.State.Key.Value).Order(StringComparer.Ordinal),
            Data.Keys.Select(key => key.Value));
    }

    public async ValueTask DisposeAsync()
    {
        await Election.DisposeAsync();
        Storage.Dispose();
    }
}
