using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.StateHandles.Writing;
using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.StateHandles.Changes;

/// <summary>Replaces an entry: the one that was read, or whichever stands.</summary>
internal sealed class ReplaceChange : ContentChange
{
    private readonly bool _isConditional;
    private StateHandle _standing;

    public ReplaceChange(StateHandle standing, bool isConditional, Stream content)
        : base(standing.Key, standing.Key[..^standing.Name.Length], content)
    {
        _standing = standing;
        _isConditional = isConditional;
        Expected = standing.Text;
    }

    /// <summary>The data that is of no use once the change is made.</summary>
    public StateKey OldData => _standing.State.Key;

    public override ValueTask AdaptAsync(string? current, ObjectKey configMap, StoredContents contents, CancellationToken cancellationToken)
    {
        if (current == Expected)
        {
            return ValueTask.CompletedTask;
        }

        var standing = current is null ? throw new StateHandleNotFoundException(configMap, Key) : StateHandleSnapshot.Read(configMap, string.Empty, Key, current);
        if (standing.IsBeingRemoved)
        {
            throw new StateHandleNotFoundException(configMap, Key, isBeingRemoved: true);
        }

        if (_isConditional)
        {
            throw new StateHandleChangedException(configMap, Key, Expected, current);
        }

        (_standing, Expected) = (standing, current);
        return ValueTask.CompletedTask;
    }
}
