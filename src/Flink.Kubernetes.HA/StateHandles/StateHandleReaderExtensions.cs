using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.StateHandles;

/// <summary>Reads data as bytes and as values.</summary>
public static class StateHandleReaderExtensions
{
    /// <summary>Reads the data of an entry into memory and checks that it is what was written.</summary>
    /// <exception cref="StateStorageException">The data is missing, is not what was written, or can't be read.</exception>
    public static Task<byte[]> ReadBytesAsync(this StateHandleReader reader, StateHandle handle, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(reader);
        ArgumentNullException.ThrowIfNull(handle);
        return reader.Storage.ReadAllBytesAsync(handle.State, cancellationToken);
    }

    /// <summary>Reads the value of an entry; nothing of it is handed out unless all of the data is what was written.</summary>
    /// <exception cref="StateStorageException">The data is missing, is not what was written, or can't be read.</exception>
    public static async Task<T> ReadAsync<T>(this StateHandleReader reader, StateHandle handle, IStateSerializer<T> serializer, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(reader);
        ArgumentNullException.ThrowIfNull(serializer);
        var content = await reader.OpenReadAsync(handle, progress: null, cancellationToken).ConfigureAwait(false);
        await using (content.ConfigureAwait(false))
        {
            var value = await serializer.DeserializeAsync(content, cancellationToken).ConfigureAwait(false);

            // The check happens at the end, and a serializer may have stopped before it.
            await content.CopyToAsync(Stream.Null, cancellationToken).ConfigureAwait(false);
            return value;
        }
    }

    /// <summary>Reads the values of all entries, in the order of their keys; one that can't be read fails the whole.</summary>
    /// <exception cref="ConfigMapMissingException">The ConfigMap does not exist.</exception>
    /// <exception cref="StateHandleCorruptException">One of the entries can't be read.</exception>
    /// <exception cref="StateStorageException">The data of one is missing, is not what was written, or can't be read.</exception>
    public static async Task<IReadOnlyList<KeyValuePair<StateHandle, T>>> ReadAllAsync<T>(this StateHandleReader reader, IStateSerializer<T> serializer, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(reader);
        List<KeyValuePair<StateHandle, T>> values = [];
        foreach (var handle in await reader.ListAsync(cancellationToken).ConfigureAwait(false))
        {
            values.Add(new(handle, await reader.ReadAsync(handle, serializer, cancellationToken).ConfigureAwait(false)));
        }

        return values;
    }
}
