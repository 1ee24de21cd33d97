using Flink.Kubernetes.HA.KubeClient;

namespace Flink.Kubernetes.HA.Tests.LeaderElection;

/// <summary>A client that does not heed tokens: its requests hang until they are made to fail.</summary>
internal sealed class LateFailures : IKubeClient
{
    private readonly List<Action> _pending = [];

    public bool FailsAtOnce { get; init; }

    public void Fail()
    {
        lock (_pending)
        {
            _pending.ForEach(fail => fail());
            _pending.Clear();
        }
    }

    public Task<T> GetAsync<T>(KubeResource<T> resource, ObjectKey key, CancellationToken cancellationToken = default)
        where T : KubeObject => Hang<T>();

    public Task<KubeList<T>> ListAsync<T>(KubeResource<T> resource, string namespaceName, ListOptions? options = null, CancellationToken cancellationToken = default)
        where T : KubeObject => Hang<KubeList<T>>();

    public Task<T> CreateAsync<T>(KubeResource<T> resource, T item, CancellationToken cancellationToken = default)
        where T : KubeObject => Hang<T>();

    public Task<T> ReplaceAsync<T>(KubeResource<T> resource, T item, CancellationToken cancellationToken = default)
        where T : KubeObject => Hang<T>();

    public Task<T> PatchAsync<T>(KubeResource<T> resource, ObjectKey key, KubePatch patch, CancellationToken cancellationToken = default)
        where T : KubeObject => Hang<T>();

    public Task DeleteAsync<T>(KubeResource<T> resource, ObjectKey key, DeletePreconditions? preconditions = null, CancellationToken cancellationToken = default)
        where T : KubeObject => Hang<T>();

    public IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(KubeResource<T> resource, string namespaceName, WatchOptions? options = null, CancellationToken cancellationToken = default)
        where T : KubeObject => throw new NotSupportedException();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private Task<T> Hang<T>()
    {
        if (FailsAtOnce)
        {
            return Task.FromException<T>(new KubeClientException(KubeFailure.Unavailable, "unreachable"));
        }

        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_pending)
        {
            _pending.Add(() => answer.SetException(new InvalidOperationException("said too late")));
        }

        return answer.Task;
    }
}
