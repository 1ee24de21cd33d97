using Flink.Kubernetes.HA.Storage.Streams;

namespace Flink.Kubernetes.HA.Storage;

/// <summary>Reads and writes that check, on any <see cref="IStateStorage"/>.</summary>
public static class StateStorageExtensions
{
    /// <summary>Opens data for reading and checks on the way that it is what was written, by size and SHA-256.</summary>
    /// <remarks>
    /// The last bytes are handed out only when everything is right, so whoever reads to the end has read the true data. It takes
    /// no more memory than the buffers that it is read into.
    /// </remarks>
    /// <param name="storage">The storage.</param>
    /// <param name="state">What was written.</param>
    /// <param name="progress">Told how many bytes were read so far.</param>
    /// <param name="cancellationToken">Gives up opening; reading has tokens of its own.</param>
    /// <exception cref="StateStorageException">
    /// <see cref="StateStorageFailure.NotFound"/> where there is none; from reading, <see cref="StateStorageFailure.Corrupt"/> where it is not the same.
    /// </exception>
    public static async Task<Stream> OpenReadAsync(this IStateStorage storage, StoredState state, IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(storage);
        ArgumentNullException.ThrowIfNull(state);
        var content = await storage.OpenReadAsync(state.Key, cancellationToken).ConfigureAwait(false);
        return new VerifyingStream(content, state, progress);
    }

    /// <summary>Reads data as a whole into memory and checks that it is what was written.</summary>
    /// <param name="storage">The storage.</param>
    /// <param name="state">What was written; its size must fit into an array.</param>
    /// <param name="cancellationToken">Gives up reading.</param>
    /// <exception cref="StateStorageException">
    /// <see cref="StateStorageFailure.NotFound"/> where there is none, <see cref="StateStorageFailure.Corrupt"/> where it is not the same.
    /// </exception>
    public static async Task<byte[]> ReadAllBytesAsync(this IStateStorage storage, StoredState state, CancellationToken cancellationToken = default)
    {
        var content = await storage.OpenReadAsync(state, progress: null, cancellationToken).ConfigureAwait(false);
        await using (content.ConfigureAwait(false))
        {
            // Not an array of the size that is claimed: a wrong pointer must not take all the memory there is.
            using var bytes = new MemoryStream();
            await content.CopyToAsync(bytes, cancellationToken).ConfigureAwait(false);
            return bytes.ToArray();
        }
    }

    /// <summary>Writes bytes under a key that is free.</summary>
    /// <param name="storage">The storage.</param>
    /// <param name="key">The key.</param>
    /// <param name="content">The data.</param>
    /// <param name="cancellationToken">Gives the write up; it may have been written all the same.</param>
    /// <exception cref="StateStorageException"><see cref="StateStorageFailure.AlreadyExists"/> where the key is taken.</exception>
    public static async Task<StoredState> WriteAsync(this IStateStorage storage, StateKey key, byte[] content, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(storage);
        ArgumentNullException.ThrowIfNull(content);
        using var stream = new MemoryStream(content, writable: false);
        return await storage.WriteAsync(key, stream, progress: null, cancellationToken).ConfigureAwait(false);
    }
}
