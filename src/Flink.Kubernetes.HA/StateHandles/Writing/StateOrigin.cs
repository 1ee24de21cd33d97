using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.StateHandles.Writing;

/// <summary>
/// Distinguishes an empty ConfigMap from one that was lost and re-created, by an ID in the ConfigMap and a marker with that ID in the storage
/// (guarantee P6 in docs/guarantees.md).
/// </summary>
/// <remarks>The ID is written to the ConfigMap first. A crash in between leaves an ID without a marker; the next store that is opened
/// adds it.</remarks>
internal sealed class StateOrigin(TermWriter writer, StoredContents contents, IStateStorage storage)
{
    /// <exception cref="StateLostException">The storage has markers of other ConfigMaps only.</exception>
    public async Task VerifyAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            // Markers are listed before the ConfigMap is read: a marker that is found was written after its ID, so the read sees that ID. In the
            // other order a store that is opened concurrently could look like one whose ConfigMap was lost.
            var markers = await MarkersAsync(cancellationToken).ConfigureAwait(false);
            var content = await writer.ReadAsync(cancellationToken).ConfigureAwait(false);
            var id = content.Data.GetValueOrDefault(EntryKeys.OriginKey);
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

    /// <returns>The ID, or <see langword="null"/> if another store of the term was faster.</returns>
    private async Task<string?> TrySetAsync(CancellationToken cancellationToken)
    {
        var id = Guid.NewGuid().ToString("N");
        try
        {
            await writer.CommitAsync(new ChangeSet([new ValueChange(EntryKeys.OriginKey, null, id)]), contents, cancellationToken).ConfigureAwait(false);
            return id;
        }
        catch (StateHandleException exception) when (exception.Failure == StateHandleFailure.Changed)
        {
            return null;
        }
    }

    private async Task MarkAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            var content = System.Text.Encoding.UTF8.GetBytes(writer.ConfigMap.ToString());
            await storage.WriteAsync(contents.MarkerOf(id), content, cancellationToken).ConfigureAwait(false);
        }
        catch (StateStorageException exception) when (exception.Failure == StateStorageFailure.AlreadyExists)
        {
            // Another store of the term was faster.
        }
    }
}
