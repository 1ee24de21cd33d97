using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.StateHandles.Writing;

namespace Flink.Kubernetes.HA.StateHandles.Changes;

/// <summary>Adds an entry where there is none, or one that is being removed: then the removal is finished in the same request.</summary>
internal sealed class AddChange(string key, string prefix, Stream content) : ContentChange(key, prefix, content)
{
    public override async ValueTask AdaptAsync(string? current, ObjectKey configMap, StoredContents contents, CancellationToken cancellationToken)
    {
        if (current is not null)
        {
            var standing = StateHandleSnapshot.Read(configMap, string.Empty, Key, current);
            if (!standing.IsBeingRemoved)
            {
                throw new StateHandleExistsException(configMap, Key);
            }

            await contents.DeleteAsync(standing.State.Key, cancellationToken).ConfigureAwait(false);
        }

        Expected = current;
    }
}
