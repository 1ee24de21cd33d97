using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.Testing.ApiServer;
using Flink.Kubernetes.HA.Testing.Faults;

namespace Flink.Kubernetes.HA.Testing;

/// <summary>Stands between the code under test and another client and lets go wrong what can go wrong on the way.</summary>
/// <remarks>It owns the other client and disposes it. Of several rules that match a call, the one injected first strikes.</remarks>
public sealed class FaultInjectingKubeClient : IKubeClient
{
    private readonly IKubeClient _inner;
    private readonly FaultPlan<FaultRule, FaultableCall> _plan = new((rule, call) => call.IsAbout(rule.Verb, rule.Resource, rule.Name));
    private readonly FaultyCalls _calls;
    private readonly FaultyWatches _watches;

    /// <summary>Creates a client that does what the other does until a fault is injected.</summary>
    /// <param name="inner">The client that reaches the server.</param>
    /// <param name="timeProvider">The clock for delays; default: the system's.</param>
    public FaultInjectingKubeClient(IKubeClient inner, TimeProvider? timeProvider = null)
    {
        ArgumentNullException.ThrowIfNull(inner);
        _inner = inner;
        _calls = new FaultyCalls(_plan, timeProvider ?? TimeProvider.System);
        _watches = new FaultyWatches(_calls);
    }

    /// <summary>Whether <see cref="Partition"/> is in force.</summary>
    public bool IsPartitioned => _calls.IsPartitioned;

    /// <summary>Lets the rule strike from now on.</summary>
    /// <param name="rule">What goes wrong.</param>
    /// <returns>Withdraws the rule when it is disposed.</returns>
    public IDisposable Inject(FaultRule rule)
    {
        ArgumentNullException.ThrowIfNull(rule);
        return _plan.Add(rule);
    }

    /// <summary>Cuts this client off from the server until <see cref="Heal"/>.</summary>
    /// <param name="silent">
    /// <see langword="false"/>: calls fail at once, unsent, and open watches break.
    /// <see langword="true"/>: packets vanish: calls hang and open watches fall silent, until they are cancelled or healed, which breaks them.
    /// </param>
    public void Partition(bool silent = false)
    {
        _calls.Partition(silent);
        if (silent)
        {
            _watches.SilenceAll();
        }
        else
        {
            _watches.CutAll();
        }
    }

    /// <summary>Ends <see cref="Partition"/>; what hung since then breaks.</summary>
    public void Heal()
    {
        if (_calls.Heal())
        {
            _watches.CutSilenced();
        }
    }

    /// <summary>Breaks every watch that is open now.</summary>
    public void CutWatches() => _watches.CutAll();

    /// <summary>Lets every watch that is open now fall silent; it stays open until it is cancelled or cut.</summary>
    public void SilenceWatches() => _watches.SilenceAll();

    /// <summary>Counts the calls that were made so far, those that failed included.</summary>
    /// <param name="verb">Only this verb.</param>
    /// <param name="resource">Only this resource.</param>
    /// <param name="name">Only this object.</param>
    public int CountCalls(string? verb = null, string? resource = null, string? name = null) => _plan.Count(call => call.IsAbout(verb, resource, name));

    /// <inheritdoc/>
    public Task<T> GetAsync<T>(KubeResource<T> resource, ObjectKey key, CancellationToken cancellationToken = default)
        where T : KubeObject =>
        _calls.RunAsync(Call("get", resource, key), token => _inner.GetAsync(resource, key, token), cancellationToken);

    /// <inheritdoc/>
    public Task<KubeList<T>> ListAsync<T>(KubeResource<T> resource, string namespaceName, ListOptions? options = null, CancellationToken cancellationToken = default)
        where T : KubeObject =>
        _calls.RunAsync(
            Call("list", resource, new ObjectKey(namespaceName, string.Empty), options?.FieldSelector),
            token => _inner.ListAsync(resource, namespaceName, options, token),
            cancellationToken);

    /// <inheritdoc/>
    public Task<T> CreateAsync<T>(KubeResource<T> resource, T item, CancellationToken cancellationToken = default)
        where T : KubeObject
    {
        ArgumentNullException.ThrowIfNull(item);
        return _calls.RunAsync(Call("create", resource, item.Key), token => _inner.CreateAsync(resource, item, token), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<T> ReplaceAsync<T>(KubeResource<T> resource, T item, CancellationToken cancellationToken = default)
        where T : KubeObject
    {
        ArgumentNullException.ThrowIfNull(item);
        return _calls.RunAsync(Call("update", resource, item.Key), token => _inner.ReplaceAsync(resource, item, token), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<T> PatchAsync<T>(KubeResource<T> resource, ObjectKey key, KubePatch patch, CancellationToken cancellationToken = default)
        where T : KubeObject =>
        _calls.RunAsync(Call("patch", resource, key), token => _inner.PatchAsync(resource, key, patch, token), cancellationToken);

    /// <inheritdoc/>
    public Task DeleteAsync<T>(KubeResource<T> resource, ObjectKey key, DeletePreconditions? preconditions = null, CancellationToken cancellationToken = default)
        where T : KubeObject =>
        _calls.RunAsync(
            Call("delete", resource, key),
            async token =>
            {
                await _inner.DeleteAsync(resource, key, preconditions, token).ConfigureAwait(false);
                return true;
            },
            cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(KubeResource<T> resource, string namespaceName, WatchOptions? options = null, CancellationToken cancellationToken = default)
        where T : KubeObject =>
        _watches.RunAsync(
            Call("watch", resource, new ObjectKey(namespaceName, string.Empty), options?.FieldSelector),
            token => _inner.WatchAsync(resource, namespaceName, options, token),
            cancellationToken);

    /// <summary>Withdraws what was injected, gives up late deliveries and disposes the other client.</summary>
    public async ValueTask DisposeAsync()
    {
        _calls.Dispose();
        await _inner.DisposeAsync().ConfigureAwait(false);
    }

    private static FaultableCall Call<T>(string verb, KubeResource<T> resource, ObjectKey key, string? fieldSelector = null)
        where T : KubeObject
    {
        ArgumentNullException.ThrowIfNull(resource);
        var name = fieldSelector is null ? key.Name : FieldSelector.NameIn(fieldSelector);
        return new FaultableCall(verb, resource.ToString(), key.Namespace, string.IsNullOrEmpty(name) ? null : name);
    }
}
