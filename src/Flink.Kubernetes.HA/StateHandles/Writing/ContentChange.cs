using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.StateHandles.Writing;

/// <summary>A change with new data, under a unique key of the storage.</summary>
internal abstract class ContentChange(string key, string prefix, Stream content) : EntryChange(key)
{
    private StatePointer? _pointer;

    /// <summary>The key of the new data, set before the data is sent.</summary>
    public StateKey? NewData { get; private set; }

    protected string Prefix => prefix;

    public async Task StoreAsync(StateKey key, IStateStorage storage, CancellationToken cancellationToken)
    {
        NewData = key;
        _pointer = new StatePointer(await storage.WriteAsync(key, content, progress: null, cancellationToken).ConfigureAwait(false));
        (NewData, Next) = (_pointer.State.Key, _pointer.Write());
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

/// <summary>Adds an entry if there is none.</summary>
internal sealed class AddChange(string key, string prefix, Stream content) : ContentChange(key, prefix, content)
{
    public override void Adapt(ConfigMapContent content)
    {
        if (content.Data.ContainsKey(Key))
        {
            // What cannot be read is told as such: it is neither absent nor certainly what the caller takes it for.
            _ = content.Find(Prefix, Key);
            throw StateHandleException.Exists(content.Key, Key);
        }
    }
}

/// <summary>Replaces an entry: the one that was read, or whichever is stored.</summary>
internal sealed class ReplaceChange : ContentChange
{
    private readonly bool _isConditional;

    public ReplaceChange(StateHandle stored, bool isConditional, Stream content)
        : base(stored.Key, stored.Key[..^stored.Name.Length], content) =>
        (_isConditional, Expected, OldData) = (isConditional, stored.Text, stored.OwnData);

    public override void Adapt(ConfigMapContent content)
    {
        var stored = content.Find(Prefix, Key) ?? throw StateHandleException.NotFound(content.Key, Key);
        if (_isConditional && stored.Text != Expected)
        {
            throw StateHandleException.Changed(content.Key, Key, Expected, stored.Text);
        }

        (Expected, OldData) = (stored.Text, stored.OwnData);
    }
}
