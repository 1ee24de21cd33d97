using Flink.Kubernetes.HA.StateHandles.Changes;
using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.StateHandles.Writing;

/// <summary>Tells an empty ConfigMap from one that was lost and created anew: one id in the ConfigMap, and a marker with it in the storage (promise P6).</summary>
/// <remarks>The id goes into the ConfigMap first: a crash in between leaves an id without a marker, which the next to open puts right.</remarks>
internal sealed class StateOrigin(TermWriter writer, StoredContents contents, IStateStorage storage)
{
    /// <exception cref="StateLostException">The storage knows of another ConfigMap only.</exception>
    public async Task VerifyAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var content = await writer.ReadAsync(cancellationToken).ConfigureAwait(false);
            var id = content.Data.GetValueOrDefault(EntryKeys.OriginKey);
            var markers = await MarkersAsync(cancellationToken).ConfigureAwait(false);
            if (id is not null && markers.Contains(contents.MarkerOf(id).Value))
            {
                return;
            }

            if (markers.Count > 0)
            {
                throw new StateLostException(writer.ConfigMap, storage.Location, markers);
            }

            id ??= await TrySetAsync(cancellationToken).ConfigureAwait(false);
            if (id is not null)
            {
                await MarkAsync(id, cancellationToken).ConfigureAwait(false);
                return;
            }
        }
    }

    private async Task<List<string>> MarkersAsync(CancellationToken cancellationToken)
    {
        List<string> markers = [];
        await foreach (var entry in storage.ListAsync(contents.MarkerPrefix, cancellationToken).ConfigureAwait(false))
        {
            markers.Add(entry.Key.Value);
        }

        return markers;
    }

    /// <returns>The id, or <see langword="null"/> where another store of the term was faster.</returns>
    private async Task<string?> TrySetAsync(CancellationToken cancellationToken)
    {
        var id = Guid.NewGuid().ToString("N");
        try
        {
            await writer.CommitAsync(new ChangeSet([new ValueChange(EntryKeys.OriginKey, null, id)]), contents, cancellationToken).ConfigureAwait(false);
            return id;
        }
        catch (StateHandleChangedException)
        {
            return null;
        }
    }

    private async Task MarkAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            await storage.WriteAsync(contents.MarkerOf(id), System.Text.Encoding.UTF8.GetBytes(writer.ConfigMap.ToString()), cancellationToken).ConfigureAwait(false);
        }
        catch (StateStorageException exception) when (exception.Failure == StateStorageFailure.AlreadyExists)
        {
            // Another store of the term was faster.
        }
    }
}
