using Flink.Kubernetes.HA.LeaderElection;

namespace Flink.Kubernetes.HA.StateHandles;

/// <summary>Writes bytes and values.</summary>
public static class StateHandleStoreExtensions
{
    /// <summary>Adds an entry of bytes; see <see cref="StateHandleStore.AddAsync"/>.</summary>
    /// <exception cref="StateHandleExistsException">There is one already; it stays as it is.</exception>
    /// <exception cref="LeadershipLostException">The term leads no more; nothing was written.</exception>
    /// <exception cref="StateOutcomeUnknownException">Leadership was lost before it was known whether the entry was added.</exception>
    public static async Task<StateHandle> AddAsync(this StateHandleStore store, string name, byte[] content, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        using var stream = new MemoryStream(content, writable: false);
        return await store.AddAsync(name, stream, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Adds a value; see <see cref="StateHandleStore.AddAsync"/>.</summary>
    /// <exception cref="StateHandleExistsException">There is one already; it stays as it is.</exception>
    /// <exception cref="LeadershipLostException">The term leads no more; nothing was written.</exception>
    /// <exception cref="StateOutcomeUnknownException">Leadership was lost before it was known whether the entry was added.</exception>
    public static async Task<StateHandle> AddAsync<T>(this StateHandleStore store, string name, T value, IStateSerializer<T> serializer, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        using var stream = await serializer.ToStreamAsync(value, cancellationToken).ConfigureAwait(false);
        return await store.AddAsync(name, stream, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Replaces an entry by bytes, if it is still the one that was read.</summary>
    /// <exception cref="StateHandleNotFoundException">There is none; nothing was written.</exception>
    /// <exception cref="StateHandleChangedException">It is another one; nothing was written.</exception>
    /// <exception cref="LeadershipLostException">The term leads no more; nothing was written.</exception>
    /// <exception cref="StateOutcomeUnknownException">Leadership was lost before it was known whether the entry was replaced.</exception>
    public static async Task<StateHandle> ReplaceAsync(this StateHandleStore store, StateHandle expected, byte[] content, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        using var stream = new MemoryStream(content, writable: false);
        return await store.ReplaceAsync(expected, stream, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Replaces an entry by a value, if it is still the one that was read.</summary>
    /// <exception cref="StateHandleNotFoundException">There is none; nothing was written.</exception>
    /// <exception cref="StateHandleChangedException">It is another one; nothing was written.</exception>
    /// <exception cref="LeadershipLostException">The term leads no more; nothing was written.</exception>
    /// <exception cref="StateOutcomeUnknownException">Leadership was lost before it was known whether the entry was replaced.</exception>
    public static async Task<StateHandle> ReplaceAsync<T>(this StateHandleStore store, StateHandle expected, T value, IStateSerializer<T> serializer, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        using var stream = await serializer.ToStreamAsync(value, cancellationToken).ConfigureAwait(false);
        return await store.ReplaceAsync(expected, stream, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Turns a value into a stream of its data, for <see cref="StateHandleBatch"/>.</summary>
    public static async ValueTask<MemoryStream> ToStreamAsync<T>(this IStateSerializer<T> serializer, T value, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(serializer);
        var stream = new MemoryStream();
        await serializer.SerializeAsync(value, stream, cancellationToken).ConfigureAwait(false);
        stream.Position = 0;
        return stream;
    }
}
