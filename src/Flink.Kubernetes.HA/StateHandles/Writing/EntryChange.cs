using Flink.Kubernetes.HA.ConfigMaps;

namespace Flink.Kubernetes.HA.StateHandles.Writing;

/// <summary>A change of one key from one text to another, where <see langword="null"/> means no entry.</summary>
internal abstract class EntryChange(string key)
{
    public string Key => key;

    /// <summary>The text that must be stored for the change to be made.</summary>
    public string? Expected { get; protected set; }

    /// <summary>The text that is stored after the change.</summary>
    public string? Next { get; protected set; }

    /// <summary>The change of the ConfigMap's size, in bytes of keys and values.</summary>
    public long Growth => SizeOf(Next) - SizeOf(Expected);

    /// <summary>After a refusal: adapts the change to the stored text, or throws if the caller must decide.</summary>
    /// <param name="current">The stored text.</param>
    /// <param name="configMap">The ConfigMap.</param>
    /// <param name="contents">Deletes the data of a removal that must be completed first.</param>
    /// <param name="cancellationToken">A token to cancel the operation.</param>
    public abstract ValueTask AdaptAsync(string? current, ObjectKey configMap, StoredContents contents, CancellationToken cancellationToken);

    /// <summary>Whether the stored text can only have been written by this change.</summary>
    public virtual bool IsProvenBy(string? current) => false;

    public IEnumerable<PatchOperation> ToOperations()
    {
        var path = PatchOperation.PathOf("data", key);
        yield return PatchOperation.Test(path, Expected);
        if (Next == Expected)
        {
            yield break;
        }

        yield return Next is null ? PatchOperation.Remove(path) : PatchOperation.Add(path, Next);
    }

    private long SizeOf(string? text) => text is null ? 0 : key.Length + System.Text.Encoding.UTF8.GetByteCount(text);
}

/// <summary>Sets a plain value if the expected one is stored.</summary>
internal sealed class ValueChange : EntryChange
{
    public ValueChange(string key, string? expected, string? value)
        : base(key) => (Expected, Next) = (expected, value);

    public override ValueTask AdaptAsync(string? current, ObjectKey configMap, StoredContents contents, CancellationToken cancellationToken) =>
        current == Expected
        ? ValueTask.CompletedTask
        : throw StateHandleException.Changed(configMap, Key, Expected, current);
}

/// <summary>The last step of a removal: removes the marked key after its data was deleted.</summary>
internal sealed class DropChange : EntryChange
{
    private readonly StateHandle _marked;

    public DropChange(StateHandle marked)
        : base(marked.Key)
    {
        _marked = marked;
        Expected = marked.Text;
    }

    public override ValueTask AdaptAsync(string? current, ObjectKey configMap, StoredContents contents, CancellationToken cancellationToken)
    {
        // Anything but the marked entry was written by another change in the meantime and is kept.
        (Expected, Next) = current == _marked.Text ? (current, null) : (current, current);
        return ValueTask.CompletedTask;
    }
}
