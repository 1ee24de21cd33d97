using Flink.Kubernetes.HA.ConfigMaps;

namespace Flink.Kubernetes.HA.StateHandles.Writing;

/// <summary>The first step of a removal: marks the entry, so that it is treated as absent while its data is deleted.</summary>
internal sealed class RemoveChange : EntryChange
{
    private readonly bool _isConditional;
    private readonly StateHandle? _wanted;

    public RemoveChange(StateHandle stored, bool isConditional)
        : this(stored.ConfigMapKey, stored.Key, stored, isConditional)
    {
    }

    public RemoveChange(ObjectKey configMap, string key, StateHandle? stored, bool isConditional)
        : base(key)
    {
        _isConditional = isConditional;
        _wanted = stored;
        Take(stored, configMap);
    }

    /// <summary>The marked entry whose key is removed in the end; <see langword="null"/> if there was none.</summary>
    public StateHandle? Marked { get; private set; }

    public bool Found => Marked is not null;

    public override ValueTask AdaptAsync(string? current, ObjectKey configMap, StoredContents contents, CancellationToken cancellationToken)
    {
        if (current != Expected)
        {
            var stored = current is null ? null : StateHandleSnapshot.Read(configMap, string.Empty, Key, current);
            if (_isConditional && stored is not null && stored.State.Key != _wanted?.State.Key)
            {
                throw StateHandleException.Changed(configMap, Key, Expected, current);
            }

            Take(stored, configMap);
        }

        return ValueTask.CompletedTask;
    }

    private void Take(StateHandle? stored, ObjectKey configMap)
    {
        Expected = stored?.Text;
        if (stored is null || stored.IsBeingRemoved)
        {
            (Marked, Next) = (stored, Expected);
            return;
        }

        var marked = new StatePointer(stored.State, IsDeleting: true);
        Next = marked.Write();
        Marked = new StateHandle(configMap, string.Empty, Key, Next, marked);
    }
}
