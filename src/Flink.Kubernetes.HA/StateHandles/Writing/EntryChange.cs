using Flink.Kubernetes.HA.ConfigMaps;
using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.StateHandles.Writing;

/// <summary>A change of one key from one text to another, where <see langword="null"/> means no entry.</summary>
internal abstract class EntryChange(string key)
{
    public string Key => key;

    /// <summary>The text that must be stored for the change to be made.</summary>
    public string? Expected { get; protected set; }

    /// <summary>The text that is stored after the change.</summary>
    public string? Next { get; protected set; }

    /// <summary>The data that nothing points to once the change is made.</summary>
    public StateKey? OldData { get; protected set; }

    /// <summary>After a refusal: adapts the change to what is stored, or throws if the caller must decide.</summary>
    public abstract void Adapt(ConfigMapContent content);

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
}

/// <summary>Sets a plain value if the expected one is stored.</summary>
internal sealed class ValueChange : EntryChange
{
    public ValueChange(string key, string? expected, string? value)
        : base(key) => (Expected, Next) = (expected, value);

    public override void Adapt(ConfigMapContent content)
    {
        if (content.Data.GetValueOrDefault(Key) is var current && current != Expected)
        {
            throw StateHandleException.Changed(content.Key, Key, Expected, current);
        }
    }
}

/// <summary>Removes an entry: the one that was read, or whichever is stored.</summary>
internal sealed class RemoveChange : EntryChange
{
    private readonly StateHandle? _only;

    /// <summary>Removes the entry if it still points to the same data, or is already gone.</summary>
    public RemoveChange(StateHandle only)
        : base(only.Key) => (_only, Expected, OldData) = (only, only.Text, only.OwnData);

    /// <summary>Removes whatever is stored, also what cannot be read, whose data is left to the sweep.</summary>
    public RemoveChange(string key, ConfigMapContent content)
        : base(key) => Take(content);

    public bool Found => Expected is not null;

    public override void Adapt(ConfigMapContent content)
    {
        if (content.Data.GetValueOrDefault(Key) is not { } current || current == Expected)
        {
            Expected = content.Data.GetValueOrDefault(Key);
            return;
        }

        // The text may have been touched by hand; what it points to is what counts.
        if (_only is not null && content.TryFind(string.Empty, Key)?.State.Key != _only.State.Key)
        {
            throw StateHandleException.Changed(content.Key, Key, Expected, current);
        }

        Take(content);
    }

    private void Take(ConfigMapContent content) =>
        (Expected, OldData) = (content.Data.GetValueOrDefault(Key), content.TryFind(string.Empty, Key)?.OwnData);
}
