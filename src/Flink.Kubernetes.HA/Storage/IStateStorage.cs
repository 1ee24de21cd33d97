namespace Flink.Kubernetes.HA.Storage;

/// <summary>Where data lies that is too large for a ConfigMap: written once, read, listed and deleted.</summary>
/// <remarks>
/// <para>
/// Safe for concurrent use, by many processes too. Failures are <see cref="StateStorageException"/>s; what the caller's own streams
/// throw passes through as it is. <c>StateStorageConformance</c> in <c>Flink.Kubernetes.HA.Testing</c> tests an implementation.
/// </para>
/// <para>
/// Keep data and folders apart: where <c>a</c> is a key, <c>a/b</c> should not be one, since a file system refuses it.
/// Take a new key for every write, with something random in it: then no late or repeated write can ever hit what others rely on.
/// </para>
/// </remarks>
public interface IStateStorage
{
    /// <summary>Where the storage is, for people and messages: a path or an address.</summary>
    string Location { get; }

    /// <summary>Writes data under a key that is free. Whole or not at all: nobody ever sees a part of it, and it survives a crash once this returns.</summary>
    /// <param name="key">The key; of several writers of one key at most one succeeds.</param>
    /// <param name="content">The data, from where the stream stands to its end; it need not seek, is not held in memory as a whole, and is not disposed.</param>
    /// <param name="progress">Told how many bytes were taken over so far.</param>
    /// <param name="cancellationToken">
    /// Gives the write up. While the content is still being taken over, nothing comes of it; afterwards it may have been written all the same.
    /// </param>
    /// <exception cref="StateStorageException">
    /// <see cref="StateStorageFailure.AlreadyExists"/> where the key is taken. With <see cref="StateStorageException.IsOutcomeUnknown"/>
    /// the data may be there, or may still come to be.
    /// </exception>
    Task<StoredState> WriteAsync(StateKey key, Stream content, IProgress<long>? progress = null, CancellationToken cancellationToken = default);

    /// <summary>Opens data for reading from its beginning; to check it as well, use the overload that takes a <see cref="StoredState"/>.</summary>
    /// <param name="key">The key.</param>
    /// <param name="cancellationToken">Gives up opening; reading has tokens of its own.</param>
    /// <returns>A stream to read asynchronously and to dispose; it fails with <see cref="StateStorageException"/> where it can't be read on.</returns>
    /// <exception cref="StateStorageException"><see cref="StateStorageFailure.NotFound"/> where there is none.</exception>
    Task<Stream> OpenReadAsync(StateKey key, CancellationToken cancellationToken = default);

    /// <summary>Deletes data, if there is any.</summary>
    /// <param name="key">The key.</param>
    /// <param name="cancellationToken">Gives up waiting; the data may be deleted all the same.</param>
    /// <returns>Whether there was any. Where several delete at once, each may be told so.</returns>
    Task<bool> DeleteAsync(StateKey key, CancellationToken cancellationToken = default);

    /// <summary>Lists data in no particular order; what is written or deleted meanwhile may be in it or not.</summary>
    /// <param name="prefix">Only keys whose text begins with this; default: all.</param>
    /// <param name="cancellationToken">Ends the list.</param>
    /// <exception cref="ArgumentException">No key can begin like this.</exception>
    IAsyncEnumerable<StateEntry> ListAsync(string prefix = "", CancellationToken cancellationToken = default);

    /// <summary>Removes what writes left half-way that never came to an end, as after a crash: it takes space and is never listed.</summary>
    /// <param name="olderThan">
    /// What was touched since then is spared: longer than any write may stall, and longer than clocks may differ. A day is a good choice.
    /// </param>
    /// <param name="cancellationToken">Ends the removal.</param>
    /// <returns>How many were removed.</returns>
    Task<int> RemoveUnfinishedWritesAsync(TimeSpan olderThan, CancellationToken cancellationToken = default);
}
