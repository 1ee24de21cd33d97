namespace Flink.Kubernetes.HA.TestInfrastructure.Worlds;

/// <content>A leader of the Dispatcher with a store of state handles.</content>
internal sealed partial class HaWorld
{
    /// <summary>The prefix of the entries of <see cref="Store"/>.</summary>
    public const string Prefix = "item-";

    /// <summary>The replica that leads at first.</summary>
    public Replica Leader { get; private set; } = null!;

    /// <summary>The leader's way to the API server.</summary>
    public FaultInjectingHandler Network => Leader.Network;

    public StateHandleStore Store { get; private set; } = null!;

    /// <summary>The store of whoever took over from the leader, whose way to the data is without faults.</summary>
    public StateHandleStore? Successor { get; private set; }

    /// <summary>Reads without faults and without leading.</summary>
    public StateHandleReader Reader => field ??= ReadStore(LeaderComponent.Dispatcher);

    /// <summary>The handles of <see cref="AddAsync"/>, by name.</summary>
    public ConcurrentDictionary<string, StateHandle> Added { get; } = [];

    /// <summary>What the last attempt failed with.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Begins with a leader of the component.</summary>
    public static async Task<HaWorld> LedAsync(LeaderComponent component)
    {
        var world = new HaWorld();
        world.Leader = await world.LeadAsync(component, "a");
        return world;
    }

    /// <summary>Begins with a leader of the Dispatcher that has a store.</summary>
    public static async Task<HaWorld> WithStoreAsync()
    {
        var world = new HaWorld();
        world.Leader = await world.StartLeaderAsync("a");
        world.Store = await world.OpenStoreAsync();
        return world;
    }

    /// <summary>Opens another store of the leader.</summary>
    public Task<StateHandleStore> OpenStoreAsync(string prefix = Prefix) => RunAsync(() => StateHandleStore.OpenAsync(Leader.Term!, Storage, prefix, Token));

    public StateHandleReader ReadStore(LeaderComponent component) => new(ReaderOf(component), Data, Prefix);

    public ConfigMapReader ReaderOf(LeaderComponent component) => new(Requests, Namespace, ClusterId, component);

    public async Task<StateHandle> AddAsync(string name, string text) => Added[name] = await RunAsync(() => Store.AddAsync(name, Stream(text), Token));

    public Task<StateHandle> ReplaceAsync(string name, string text) => RunAsync(() => Store.ReplaceAsync(name, Stream(text), Token));

    public Task<StateHandle> ReplaceAsync(StateHandle expected, string text) => RunAsync(() => Store.ReplaceAsync(expected, Stream(text), Token));

    public Task<bool> RemoveAsync(string name) => RunAsync(() => Store.RemoveAsync(name, Token));

    public Task<bool> RemoveAsync(StateHandle expected) => RunAsync(() => Store.RemoveAsync(expected, Token));

    public Task<int> ClearAsync() => RunAsync(() => Store.ClearAsync(Token));

    public Task SetAsync(string key, string? expected, string? value) =>
        RunAsync(() => Store.CreateBatch().SetValue(key, expected, value).CommitAsync(Token));

    /// <summary>Runs an operation that fails with exactly this exception.</summary>
    public async Task<TException> FailAsync<TException>(Func<Task> run)
        where TException : Exception => (await FluentActions.Awaiting(() => RunAsync(run)).Should().ThrowExactlyAsync<TException>()).Which;

    /// <summary>Runs an operation on state handles that fails in this way.</summary>
    public async Task<StateHandleException> FailAsync(StateHandleFailure failure, Func<Task> run)
    {
        var exception = await FailAsync<StateHandleException>(run);
        exception.Failure.Should().Be(failure);
        return exception;
    }

    /// <summary>Starts an operation on the thread pool, without moving the clock, and keeps what it fails with.</summary>
    public Task AttemptAsync(Func<Task> run) => Task.Run(
        async () =>
        {
            try
            {
                await run();
            }
            catch (Exception exception)
            {
                Failure = exception;
            }
        },
        Token);

    /// <summary>Another process takes the lock at once, and the leader does not hear of it before its next request.</summary>
    public async Task<StateHandleStore> TakeOverAsync()
    {
        Network.SilenceWatches();
        var other = Start("b");
        await EditLockAsync("""{"holderIdentity":"","leaseDurationSeconds":1}""");
        await UntilAsync(() => other.Leads, TimeSpan.FromSeconds(20), "b leads");

        // The lock was torn from its holder: that two believe to lead for a while is what is wanted here.
        Forget();
        return Successor = await RunAsync(() => StateHandleStore.OpenAsync(other.Term!, Data, Prefix, Token));
    }

    /// <summary>Returns the folder of the data that belongs to a component's ConfigMap as it is now.</summary>
    public async Task<string> FolderOfAsync(LeaderComponent component) =>
        $"{Namespace}/{ClusterId}/{component.Name}/{(await FindAsync(KeyOf(component)))!.Data["stateId"]}";

    /// <summary>Returns one entry of the data as it is stored.</summary>
    public async Task<string?> ValueAsync(string entry) => (await ReadAsync()).Data.GetValueOrDefault(entry);

    /// <summary>Reads every entry and its data, which must be what was written: no pointer dangles.</summary>
    public async Task<SortedDictionary<string, string>> ReadBackAsync(StateHandleReader? reader = null)
    {
        reader ??= Reader;
        var entries = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var handle in await reader.ListAsync(Token))
        {
            entries[handle.Name] = Encoding.UTF8.GetString(await reader.ReadBytesAsync(handle, Token));
        }

        return entries;
    }

    public async Task AssertEntriesAsync(params string[] expected) =>
        (await ReadBackAsync()).Select(entry => $"{entry.Key}={entry.Value}").Should().Equal(expected);

    /// <summary>Every data is named by a pointer.</summary>
    public async Task AssertNothingLeftBehindAsync()
    {
        var snapshot = await Reader.ReadAsync(Token);
        DataKeys.Should().Equal(snapshot.Handles.Select(handle => handle.State.Key.Value).Order(StringComparer.Ordinal));
    }
}
