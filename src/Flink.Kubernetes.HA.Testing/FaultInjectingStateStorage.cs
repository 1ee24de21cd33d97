using System.Runtime.CompilerServices;
using Flink.Kubernetes.HA.Storage;
using Flink.Kubernetes.HA.Testing.Faults;

namespace Flink.Kubernetes.HA.Testing;

/// <summary>Stands between the code under test and another storage and lets go wrong what can go wrong on the way.</summary>
/// <remarks>Of several faults that match a call, the one injected first strikes. Disposing stops late deliveries; the other storage stays as it is.</remarks>
public sealed class FaultInjectingStateStorage : IStateStorage, IDisposable
{
    private readonly IStateStorage _inner;
    private readonly FaultPlan<StorageCall> _plan = new((fault, call) => call.IsAbout(fault.Verb, fault.Prefix));
    private readonly FaultyStorageCalls _calls;

    /// <summary>Creates a storage that does what the other does until a fault is injected.</summary>
    /// <param name="inner">The storage that holds the data.</param>
    /// <param name="timeProvider">The clock for delays; default: the system's.</param>
    public FaultInjectingStateStorage(IStateStorage inner, TimeProvider? timeProvider = null)
    {
        ArgumentNullException.ThrowIfNull(inner);
        _inner = inner;
        _calls = new FaultyStorageCalls(_plan, timeProvider ?? TimeProvider.System);
    }

    /// <inheritdoc/>
    public string Location => _inner.Location;

    /// <summary>Lets the fault strike from now on.</summary>
    /// <param name="fault">What goes wrong.</param>
    /// <returns>Withdraws the fault when it is disposed.</returns>
    /// <exception cref="ArgumentException">The fault is one of API requests.</exception>
    public IDisposable Inject(Fault fault)
    {
        ArgumentNullException.ThrowIfNull(fault);
        fault.ThrowIfNotFor(FaultSites.Storage, nameof(fault));
        return _plan.Add(fault);
    }

    /// <summary>Counts the calls that were made so far, those that failed included.</summary>
    /// <param name="verb">Only this verb: write, read, delete, list or tidy.</param>
    /// <param name="prefix">Only keys and prefixes that begin like this.</param>
    public int CountCalls(string? verb = null, string? prefix = null) => _plan.Count(call => call.IsAbout(verb, prefix));

    /// <inheritdoc/>
    public Task<StoredState> WriteAsync(StateKey key, Stream content, IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(content);
        var call = new StorageCall("write", key.Value);
        return _calls.RunAsync(
            call,
            (fault, token) => _inner.WriteAsync(key, fault is { Kind: FaultKind.BreakWrite } ? new FaultyReadStream(content, fault, () => call.Failed(fault.Failure)) : content, progress, token),
            async token =>
            {
                // The caller's stream is not there any more when the write comes late.
                var copy = new MemoryStream();
                await content.CopyToAsync(copy, token).ConfigureAwait(false);
                copy.Position = 0;
                return late => _inner.WriteAsync(key, copy, progress: null, late);
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task<Stream> OpenReadAsync(StateKey key, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        var call = new StorageCall("read", key.Value);
        return _calls.RunAsync(
            call,
            async (fault, token) =>
            {
                var stream = await _inner.OpenReadAsync(key, token).ConfigureAwait(false);
                return fault is { Kind: FaultKind.BreakRead or FaultKind.TruncateRead or FaultKind.CorruptRead }
                    ? new FaultyReadStream(stream, fault, () => call.Lost("the connection broke"))
                    : stream;
            },
            late: null,
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task<bool> DeleteAsync(StateKey key, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        return _calls.RunAsync(
            new StorageCall("delete", key.Value),
            (_, token) => _inner.DeleteAsync(key, token),
            _ => Task.FromResult<Func<CancellationToken, Task>>(late => _inner.DeleteAsync(key, late)),
            cancellationToken);
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<StateEntry> ListAsync(string prefix = "", CancellationToken cancellationToken = default) =>
        RunListAsync(StateKey.CheckPrefix(prefix), cancellationToken);

    /// <inheritdoc/>
    public Task<int> RemoveUnfinishedWritesAsync(string prefix, TimeSpan olderThan, CancellationToken cancellationToken = default) =>
        _calls.RunAsync(new StorageCall("tidy", prefix), (_, token) => _inner.RemoveUnfinishedWritesAsync(prefix, olderThan, token), late: null, cancellationToken);

    /// <summary>Withdraws what was injected and stops late deliveries.</summary>
    public void Dispose() => _calls.Dispose();

    private async IAsyncEnumerable<StateEntry> RunListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var entries = await _calls.RunAsync(
            new StorageCall("list", prefix),
            (_, token) => Task.FromResult(_inner.ListAsync(prefix, token)),
            late: null,
            cancellationToken).ConfigureAwait(false);
        await foreach (var entry in entries.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            yield return entry;
        }
    }
}
