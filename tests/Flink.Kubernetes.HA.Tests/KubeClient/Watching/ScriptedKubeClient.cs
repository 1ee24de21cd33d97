using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Flink.Kubernetes.HA.KubeClient;

namespace Flink.Kubernetes.HA.Tests.KubeClient.Watching;

/// <summary>A client whose lists and watch connections the test answers one by one; it can do what no server should.</summary>
internal sealed class ScriptedKubeClient : IKubeClient
{
    private readonly Channel<ScriptedConnection> _connections = Channel.CreateUnbounded<ScriptedConnection>();
    private int _openConnections;
    private int _lists;
    private int _watches;

    /// <summary>Answers the list of the given number, from 1.</summary>
    public Func<int, CancellationToken, Task<KubeList<ConfigMap>>> OnList { get; set; } =
        (_, _) => Task.FromResult(new KubeList<ConfigMap>([], "1"));

    public int Lists => Volatile.Read(ref _lists);

    public int Watches => Volatile.Read(ref _watches);

    public int OpenConnections => Volatile.Read(ref _openConnections);

    public static ConfigMap Item(string resourceVersion, string value = "", string uid = "uid-1", string name = "leader") => new()
    {
        Metadata = new ObjectMeta { Namespace = "default", Name = name, Uid = uid, ResourceVersion = resourceVersion },
        Data = new Dictionary<string, string> { ["value"] = value },
    };

    public void HasState(string listVersion, params ConfigMap[] items) =>
        OnList = (_, _) => Task.FromResult(new KubeList<ConfigMap>(items, listVersion));

    /// <summary>Waits for the next watch that is opened.</summary>
    public Task<ScriptedConnection> NextConnectionAsync() =>
        _connections.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(30));

    public async Task<KubeList<T>> ListAsync<T>(KubeResource<T> resource, string namespaceName, ListOptions? options = null, CancellationToken cancellationToken = default)
        where T : KubeObject
    {
        Assert.Equal("metadata.name=leader", options?.FieldSelector);
        return (KubeList<T>)(object)await OnList(Interlocked.Increment(ref _lists), cancellationToken);
    }

    public async IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(
        KubeResource<T> resource, string namespaceName, WatchOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        where T : KubeObject
    {
        var connection = new ScriptedConnection(options!);
        Interlocked.Increment(ref _watches);
        Interlocked.Increment(ref _openConnections);
        try
        {
            _connections.Writer.TryWrite(connection);
            await foreach (var item in connection.Events.ReadAllAsync(cancellationToken))
            {
                yield return (WatchEvent<T>)(object)item;
            }
        }
        finally
        {
            Interlocked.Decrement(ref _openConnections);
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    public Task<T> GetAsync<T>(KubeResource<T> resource, ObjectKey key, CancellationToken cancellationToken = default)
        where T : KubeObject => throw new NotSupportedException();

    public Task<T> CreateAsync<T>(KubeResource<T> resource, T item, CancellationToken cancellationToken = default)
        where T : KubeObject => throw new NotSupportedException();

    public Task<T> ReplaceAsync<T>(KubeResource<T> resource, T item, CancellationToken cancellationToken = default)
        where T : KubeObject => throw new NotSupportedException();

    public Task<T> PatchAsync<T>(KubeResource<T> resource, ObjectKey key, KubePatch patch, CancellationToken cancellationToken = default)
        where T : KubeObject => throw new NotSupportedException();

    public Task DeleteAsync<T>(KubeResource<T> resource, ObjectKey key, DeletePreconditions? preconditions = null, CancellationToken cancellationToken = default)
        where T : KubeObject => throw new NotSupportedException();
}
