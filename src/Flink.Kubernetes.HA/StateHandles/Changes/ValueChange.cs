using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.StateHandles.Writing;

namespace Flink.Kubernetes.HA.StateHandles.Changes;

/// <summary>Sets a plain value from one that must stand.</summary>
internal sealed class ValueChange : EntryChange
{
    public ValueChange(string key, string? expected, string? value)
        : base(key) => (Expected, Next) = (expected, value);

    public override ValueTask AdaptAsync(string? current, ObjectKey configMap, StoredContents contents, CancellationToken cancellationToken) => current == Expected
        ? ValueTask.CompletedTask
        : throw new StateHandleChangedException(configMap, Key, Expected, current);
}
