using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.TestAgent;

/// <summary>Puts the tag of the attempt that stores it into the key of the data, and so into the pointer, where a watch shows it.</summary>
internal sealed class TaggedStorage(IStateStorage inner) : IStateStorage
{
    public string Location => inner.Location;

    public Task<StoredState> WriteAsync(StateKey key, Stream content, IProgress<long>? progress = null, CancellationToken cancellationToken = default) =>
        inner.WriteAsync(WriteAttempt.Current is { } attempt ? new StateKey($"{key}.{attempt.Tag}") : key, content, progress, cancellationToken);

    public Task<Stream> OpenReadAsync(StateKey key, CancellationToken cancellationToken = default) => inner.OpenReadAsync(key, cancellationToken);

    public Task<bool> DeleteAsync(StateKey key, CancellationToken cancellationToken = default) => inner.DeleteAsync(key, cancellationToken);

    public IAsyncEnumerable<StateEntry> ListAsync(string prefix = "", CancellationToken cancellationToken = default) => inner.ListAsync(prefix, cancellationToken);

    public Task<int> RemoveUnfinishedWritesAsync(string prefix, TimeSpan olderThan, CancellationToken cancellationToken = default) => inner.RemoveUnfinishedWritesAsync(prefix, olderThan, cancellationToken);
}
