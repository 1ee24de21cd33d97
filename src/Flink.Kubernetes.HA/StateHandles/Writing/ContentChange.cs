using Flink.Kubernetes.HA.ConfigMaps;
using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.StateHandles.Writing;

/// <summary>A change with new data, under a unique key of the storage.</summary>
internal abstract class ContentChange(string key, string prefix, Stream content) : EntryChange(key)
{
    private StatePointer? _pointer;

    /// <summary>The key of the new data, set before the data is sent.</summary>
    public StateKey? NewData { get; private set; }

    public async Task StoreAsync(StoredContents contents, CancellationToken cancellationToken)
    {
        NewData = contents.NewKey(Key);
        _pointer = new StatePointer(await contents.WriteAsync(NewData, content, cancellationToken).ConfigureAwait(false), IsDeleting: false);
        Next = _pointer.Write();
    }

    public StateHandle ToHandle(StateHandleStore store) => new(store.Reader.Key, prefix, Key, Next!, _pointer!);

    public override bool IsProvenBy(string? current) => current is not null && NamesNewData(current);

    private bool NamesNewData(string text)
    {
        try
        {
            return StatePointer.Parse(text).State.Key == NewData;
        }
        catch (FormatException)
        {
            return false;
        }
    }
}

/// <summary>Adds an entry if there is none, or one that is being removed; that removal is completed in the same request.</summary>
internal sealed class AddChange(string key, string prefix, Stream content) : ContentChange(key, prefix, content)
{
    public override async ValueTask AdaptAsync(string? current, ObjectKey configMap, StoredContents contents, CancellationToken cancellationToken)
    {
        if (current is not null)
        {
            var stored = StateHandleSnapshot.Read(configMap, string.Empty, Key, current);
            if (!stored.IsBeingRemoved)
            {
                throw StateHandleException.Exists(configMap, Key);
            }

            // The marked entry is replaced by the new one, and with it the last reference to its data: delete that first.
            await contents.DeleteAsync(stored.State.Key, cancellationToken).ConfigureAwait(false);
        }

        Expected = current;
    }
}

/// <summary>Replaces an entry: the one that was read, or whichever is stored.</summary>
internal sealed class ReplaceChange : ContentChange
{
    private readonly bool _isConditional;
    private StateHandle _stored;

    public ReplaceChange(StateHandle stored, bool isConditional, Stream content)
        : base(stored.Key, stored.Key[..^stored.Name.Length], content)
    {
        _stored = stored;
        _isConditional = isConditional;
        Expected = stored.Text;
    }

    /// <summary>The data that is no longer needed once the change is made.</summary>
    public StateKey OldData => _stored.State.Key;

    public override ValueTask AdaptAsync(string? current, ObjectKey configMap, StoredContents contents, CancellationToken cancellationToken)
    {
        if (current == Expected)
        {
            return ValueTask.CompletedTask;
        }

        var stored = current is null
            ? throw StateHandleException.NotFound(configMap, Key)
            : StateHandleSnapshot.Read(configMap, string.Empty, Key, current);
        if (stored.IsBeingRemoved)
        {
            throw StateHandleException.NotFound(configMap, Key, isBeingRemoved: true);
        }

        if (_isConditional)
        {
            throw StateHandleException.Changed(configMap, Key, Expected, current);
        }

        (_stored, Expected) = (stored, current);
        return ValueTask.CompletedTask;
    }
}
