using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.Testing;

/// <summary>State storage for tests: all data is in this object's memory, and can be damaged there.</summary>
public sealed class InMemoryStateStorage : IStateStorage
{
    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, Item> _items = new(StringComparer.Ordinal);
    private readonly TimeProvider _timeProvider;
    private readonly long _capacity;
    private long _used;

    /// <summary>Creates an empty storage.</summary>
    /// <param name="timeProvider">The clock of the last-modified times; default: the system's.</param>
    /// <param name="capacity">How many bytes it takes before it is full; default: no limit.</param>
    public InMemoryStateStorage(TimeProvider? timeProvider = null, long capacity = long.MaxValue)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(capacity);
        (_timeProvider, _capacity) = (timeProvider ?? TimeProvider.System, capacity);
    }

    /// <inheritdoc/>
    public string Location => "memory:";

    /// <summary>The keys of all data, in order.</summary>
    public IReadOnlyList<StateKey> Keys
    {
        get
        {
            lock (_gate)
            {
                return [.. _items.Keys.Select(key => new StateKey(key))];
            }
        }
    }

    /// <inheritdoc/>
    public async Task<StoredState> WriteAsync(StateKey key, Stream content, IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(content);
        using var taken = new MemoryStream();
        var buffer = new byte[64 * 1024];
        while (await content.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is > 0 and var count)
        {
            cancellationToken.ThrowIfCancellationRequested();
            taken.Write(buffer, 0, count);
            progress?.Report(taken.Length);
        }

        cancellationToken.ThrowIfCancellationRequested();
        var bytes = taken.ToArray();
        lock (_gate)
        {
            if (_items.ContainsKey(key.Value))
            {
                throw Failure(StateStorageFailure.AlreadyExists, "write", key, "there already is data with this key, and data is never replaced. Use a new key for every write");
            }

            if (bytes.Length > _capacity - _used)
            {
                throw Failure(StateStorageFailure.OutOfSpace, "write", key, $"{_used} of {_capacity} bytes are taken. Free space; nothing was written");
            }

            _used += bytes.Length;
            _items.Add(key.Value, new Item(bytes, _timeProvider.GetUtcNow()));
        }

        return new StoredState(key, bytes.Length, Convert.ToHexStringLower(SHA256.HashData(bytes)));
    }

    /// <inheritdoc/>
    public Task<Stream> OpenReadAsync(StateKey key, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            return _items.TryGetValue(key.Value, out var item)
                ? Task.FromResult<Stream>(new MemoryStream(item.Bytes, writable: false))
                : Task.FromException<Stream>(NotFound("read", key));
        }
    }

    /// <inheritdoc/>
    public Task<bool> DeleteAsync(StateKey key, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            if (!_items.Remove(key.Value, out var item))
            {
                return Task.FromResult(false);
            }

            _used -= item.Bytes.Length;
            return Task.FromResult(true);
        }
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<StateEntry> ListAsync(string prefix = "", CancellationToken cancellationToken = default) =>
        RunListAsync(StateKey.CheckPrefix(prefix), cancellationToken);

    /// <summary>Does nothing: writes leave nothing behind here.</summary>
    /// <returns>0.</returns>
    public Task<int> RemoveUnfinishedWritesAsync(string prefix, TimeSpan olderThan, CancellationToken cancellationToken = default)
    {
        StateKey.CheckPrefix(prefix);
        ArgumentOutOfRangeException.ThrowIfLessThan(olderThan, TimeSpan.Zero);
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(0);
    }

    /// <summary>Flips all bits of one byte of the data, as a bad disk does.</summary>
    /// <param name="key">Whose data.</param>
    /// <param name="offset">Which byte.</param>
    /// <exception cref="StateStorageException">There is no such data.</exception>
    public void Corrupt(StateKey key, long offset = 0) => Change(key, bytes =>
    {
        bytes[offset] ^= 0xFF;
        return bytes;
    });

    /// <summary>Cuts the data off.</summary>
    /// <param name="key">Whose data.</param>
    /// <param name="length">How many bytes are left.</param>
    /// <exception cref="StateStorageException">There is no such data.</exception>
    public void Truncate(StateKey key, int length) => Change(key, bytes => bytes[..length]);

    private void Change(StateKey key, Func<byte[], byte[]> change)
    {
        ArgumentNullException.ThrowIfNull(key);
        lock (_gate)
        {
            // A copy, for streams that are open keep what they have.
            var item = _items.TryGetValue(key.Value, out var found) ? found : throw NotFound("damage", key);
            var changed = change([.. item.Bytes]);
            _used += changed.Length - item.Bytes.Length;
            _items[key.Value] = item with { Bytes = changed };
        }
    }

    private async IAsyncEnumerable<StateEntry> RunListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        List<StateEntry> entries;
        lock (_gate)
        {
            entries = [.. _items.Where(item => item.Key.StartsWith(prefix, StringComparison.Ordinal)).Select(item => new StateEntry(new StateKey(item.Key), item.Value.Bytes.Length, item.Value.LastModified))];
        }

        foreach (var entry in entries)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return entry;
        }
    }

    private StateStorageException NotFound(string verb, StateKey key) =>
        Failure(StateStorageFailure.NotFound, verb, key, "there is no data under this key. It was deleted or never written");

    private StateStorageException Failure(StateStorageFailure failure, string verb, StateKey key, string what) =>
        new(failure, $"Could not {verb} {LocationOf(key)}: {what}.") { Key = key, Location = LocationOf(key) };

    private string LocationOf(StateKey key) => Location + key;

    private sealed record Item(byte[] Bytes, DateTimeOffset LastModified);
}
