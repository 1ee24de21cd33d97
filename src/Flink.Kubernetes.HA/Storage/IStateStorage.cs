namespace Flink.Kubernetes.HA.Storage;

/// <summary>Stores data that is too large for a ConfigMap. Data is written once, and can be read, listed and deleted.</summary>
/// <remarks>
/// <para>
/// All members are thread-safe, and safe for use by several processes. Failures are <see cref="StateStorageException"/>s; exceptions of the
/// caller's own streams are passed through. <c>StateStorageConformance</c> in <c>Flink.Kubernetes.HA.Testing</c> tests an implementation.
/// </para>
/// <para>
/// Keep keys and folders apart: if <c>a</c> is a key, <c>a/b</c> should not be one, because a file system refuses it.
/// Use a new key with a random part for every write, so that a late or repeated write never affects data that others rely on.
/// </para>
/// </remarks>
public interface IStateStorage
{
    /// <summary>The location of the storage, for people and messages: a path or an address.</summary>
    string Location { get; }

    /// <summary>Writes data under an unused key, atomically: nobody ever sees a part of it, and it survives a crash once this method has
    /// returned.</summary>
    /// <param name="key">The key; of several concurrent writers of one key at most one succeeds.</param>
    /// <param name="content">The data, from the current position of the stream to its end. The stream need not seek, is not buffered
    /// entirely, and is not disposed.</param>
    /// <param name="progress">Reports the number of bytes written so far.</param>
    /// <param name="cancellationToken">
    /// A token to cancel the write. While the content is being read, nothing is written; after that, the data may still be written.
    /// </param>
    /// <exception cref="StateStorageException">
    /// <see cref="StateStorageFailure.AlreadyExists"/>: the key is in use. With <see cref="StateStorageException.IsOutcomeUnknown"/>
    /// the data may have been written, or may still be.
    /// </exception>
    Task<StoredState> WriteAsync(StateKey key, Stream content, IProgress<long>? progress = null, CancellationToken cancellationToken = default);

    /// <summary>Opens data for reading from its beginning. To verify it as well, use the overload that takes a <see cref="StoredState"/>.</summary>
    /// <param name="key">The key.</param>
    /// <param name="cancellationToken">A token to cancel the open; each read takes its own token.</param>
    /// <returns>A stream to read asynchronously and to dispose; reading it throws a <see cref="StateStorageException"/> if it fails.</returns>
    /// <exception cref="StateStorageException"><see cref="StateStorageFailure.NotFound"/>: there is no data with the key.</exception>
    Task<Stream> OpenReadAsync(StateKey key, CancellationToken cancellationToken = default);

    /// <summary>Deletes data if it exists.</summary>
    /// <param name="key">The key.</param>
    /// <param name="cancellationToken">A token to cancel the wait; the data may still be deleted.</param>
    /// <returns>Whether the data existed. Of several concurrent deletes, each may return <see langword="true"/>.</returns>
    Task<bool> DeleteAsync(StateKey key, CancellationToken cancellationToken = default);

    /// <summary>Lists data in no particular order; data that is written or deleted meanwhile may or may not be included.</summary>
    /// <param name="prefix">The prefix of the keys to list. Default: all keys.</param>
    /// <param name="cancellationToken">A token to cancel the listing.</param>
    /// <exception cref="ArgumentException">The prefix is not valid in a key.</exception>
    IAsyncEnumerable<StateEntry> ListAsync(string prefix = "", CancellationToken cancellationToken = default);

    /// <summary>Removes the remains of writes that were never completed, for example because of a crash; they occupy space and are never
    /// listed.</summary>
    /// <param name="prefix">
    /// The prefix of the keys that the writes were for, as in <see cref="ListAsync"/>. It is required: with an empty one, the remains of all
    /// clusters that share the storage are removed, by the <paramref name="olderThan"/> of this one.
    /// </param>
    /// <param name="olderThan">
    /// The minimum age; newer remains are kept. Must be longer than any write may stall, and longer than clocks may differ; a day is a good choice.
    /// </param>
    /// <param name="cancellationToken">A token to cancel the removal.</param>
    /// <returns>The number of unfinished writes that were removed.</returns>
    /// <exception cref="ArgumentException">The prefix is not valid in a key.</exception>
    Task<int> RemoveUnfinishedWritesAsync(string prefix, TimeSpan olderThan, CancellationToken cancellationToken = default);
}
