using Flink.Kubernetes.HA.StateHandles.Writing;
using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.StateHandles.Changes;

/// <summary>A change that brings new data, under a key of the storage that nothing else ever has.</summary>
internal abstract class ContentChange(string key, string prefix, Stream content) : EntryChange(key)
{
    private StatePointer? _pointer;

    /// <summary>Where the new data is or may be, from when it is first sent.</summary>
    public StateKey? NewData { get; private set; }

    public async Task StoreAsync(StoredContents contents, CancellationToken cancellationToken)
    {
        NewData = contents.NewKey(Key);
        _pointer = new StatePointer(await contents.WriteAsync(NewData, content, cancellationToken).ConfigureAwait(false), IsDeleting: false);
        Next = _pointer.Write();
    }

    public StateHandle ToHandle(StateHandleStore store) => new(store.Reader.ConfigMap, prefix, Key, Next!, _pointer!);

    public override bool HasLeftItsMarkOn(string? current) => current is not null && NamesNewData(current);

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
