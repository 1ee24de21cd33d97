using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.StateHandles.Writing;

namespace Flink.Kubernetes.HA.StateHandles.Changes;

/// <summary>The last step of a removal: drops the marked key when its data is gone.</summary>
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
        // Anything else than the marked entry is somebody else's: it stays.
        (Expected, Next) = current == _marked.Text ? (current, null) : (current, current);
        return ValueTask.CompletedTask;
    }
}
