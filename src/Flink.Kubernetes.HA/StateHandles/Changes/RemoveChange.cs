using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.StateHandles.Writing;

namespace Flink.Kubernetes.HA.StateHandles.Changes;

/// <summary>The first step of a removal: marks the entry, so that it counts as not there while its data is deleted.</summary>
internal sealed class RemoveChange : EntryChange
{
    private readonly bool _isConditional;
    private readonly StateHandle? _wanted;

    public RemoveChange(StateHandle standing, bool isConditional)
        : this(standing.ConfigMap, standing.Key, standing, isConditional)
    {
    }

    public RemoveChange(ObjectKey configMap, string key, StateHandle? standing, bool isConditional)
        : base(key)
    {
        _isConditional = isConditional;
        _wanted = standing;
        Take(standing, configMap);
    }

    /// <summary>The marked entry that is to be dropped in the end; <see langword="null"/> where there was none.</summary>
    public StateHandle? Marked { get; private set; }

    public bool Found => Marked is not null;

    public override ValueTask AdaptAsync(string? current, ObjectKey configMap, StoredContents contents, CancellationToken cancellationToken)
    {
        if (current != Expected)
        {
            var standing = current is null ? null : StateHandleSnapshot.Read(configMap, string.Empty, Key, current);
            if (_isConditional && standing is not null && standing.State.Key != _wanted?.State.Key)
            {
                throw new StateHandleChangedException(configMap, Key, Expected, current);
            }

            Take(standing, configMap);
        }

        return ValueTask.CompletedTask;
    }

    private void Take(StateHandle? standing, ObjectKey configMap)
    {
        Expected = standing?.Text;
        if (standing is null || standing.IsBeingRemoved)
        {
            (Marked, Next) = (standing, Expected);
            return;
        }

        var marked = new StatePointer(standing.State, IsDeleting: true);
        Next = marked.Write();
        Marked = new StateHandle(configMap, string.Empty, Key, Next, marked);
    }
}
