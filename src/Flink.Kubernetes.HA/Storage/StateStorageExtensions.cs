using Flink.Kubernetes.HA.Storage.Streams;

namespace Flink.Kubernetes.HA.Storage;

/// <summary>Extensions of <see cref="IStateStorage"/> that verify data or take byte arrays.</summary>
public static class StateStorageExtensions
{
    /// <summary>Opens data for reading and verifies its size and SHA-256 while it is read.</summary>
    /// <remarks>
    /// The last bytes are returned only if the verification succeeds, so a caller that has read to the end has read what was written. The data is
    /// not buffered.
    /// </remarks>
    /// <param name="storage">The storage.</param>
    /// <param name="state">The description of what was written.</param>
    /// <param name="progress">Reports the number of bytes read so far.</param>
    /// <param name="cancellationToken">A token to cancel the open; each read takes its own token.</param>
    /// <exception cref="StateStorageException"> <see cref="StateStorageFailure.NotFound"/>: there is no data. From reading,
    /// <see cref="StateStorageFailure.Corrupt"/>: it is not what was written.
    /// </exception>
    public static async Task<Stream> OpenReadAsync(
        this IStateStorage storage, StoredState state, IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(storage);
        ArgumentNullException.ThrowIfNull(state);
        var content = await storage.OpenReadAsync(state.Key, cancellationToken).ConfigureAwait(false);
        return new VerifyingStream(content, state, storage.Location, progress);
    }

    /// <summary>Reads all data into memory and verifies it.</summary>
    /// <param name="storage">The storage.</param>
    /// <param name="state">The description of what was written; its size must fit into an array.</param>
    /// <param name="cancellationToken">A token to cancel the read.</param>
    /// <exception cref="StateStorageException">
    /// <see cref="StateStorageFailure.NotFound"/>: there is no data. <see cref="StateStorageFailure.Corrupt"/>: it is not what was written.
    /// </exception>
    public static async Task<byte[]> ReadAllBytesAsync(this IStateStorage storage, StoredState state, CancellationToken cancellationToken = default)
    {
        var content = await storage.OpenReadAsync(state, progress: null, cancellationToken).ConfigureAwait(false);
        await using (content.ConfigureAwait(false))
        {
            // Not an array of the stated size: a wrong pointer must not allocate all memory.
            using var bytes = new MemoryStream();
            await content.CopyToAsync(bytes, cancellationToken).ConfigureAwait(false);
            return bytes.ToArray();
        }
    }

    /// <summary>Writes bytes under an unused key.</summary>
    /// <param name="storage">The storage.</param>
    /// <param name="key">The key.</param>
    /// <param name="content">The data.</param>
    /// <param name="cancellationToken">A token to cancel the write; the data may still be written.</param>
    /// <exception cref="StateStorageException"><see cref="StateStorageFailure.AlreadyExists"/>: the key is in use.</exception>
    public static async Task<StoredState> WriteAsync(this IStateStorage storage, StateKey key, byte[] content, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(storage);
        ArgumentNullException.ThrowIfNull(content);
        using var stream = new MemoryStream(content, writable: false);
        return await storage.WriteAsync(key, stream, progress: null, cancellationToken).ConfigureAwait(false);
    }
}
