using System.Text.Json.Nodes;
using Flink.Kubernetes.HA.WireFormat;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace Flink.Kubernetes.HA.TestInfrastructure.Worlds;

/// <content>What somebody else does to the Leases by which leaders live.</content>
internal sealed partial class HaWorld
{
    public async Task<IReadOnlyList<V1Lease>> ListLeasesAsync() => [.. (await Admin.CoordinationV1.ListNamespacedLeaseAsync(Namespace, cancellationToken: Token)).Items];

    public async Task DeleteLeasesAsync()
    {
        foreach (var lease in await ListLeasesAsync())
        {
            await Admin.CoordinationV1.DeleteNamespacedLeaseAsync(lease.Name(), Namespace, cancellationToken: Token);
        }
    }

    /// <summary>Applies a merge patch to all of them.</summary>
    public async Task EditLeasesAsync(JsonObject patch)
    {
        foreach (var lease in await ListLeasesAsync())
        {
            await PatchLeaseAsync(lease.Name(), patch);
        }
    }

    /// <summary>Restores a Lease from a copy: over the one that stands, or as a new one.</summary>
    public async Task PutLeaseAsync(V1Lease copy)
    {
        var annotations = new JsonObject { [HaNames.EndedByAnnotation] = copy.Metadata.Annotations?.TryGetValue(HaNames.EndedByAnnotation, out var by) == true ? by : null };
        try
        {
            await PatchLeaseAsync(copy.Name(), new JsonObject
            {
                ["metadata"] = new JsonObject { ["annotations"] = annotations },
                ["spec"] = new JsonObject { ["holderIdentity"] = copy.Spec.HolderIdentity },
            });
        }
        catch (HttpOperationException exception) when (exception.Response.StatusCode == System.Net.HttpStatusCode.NotFound)
        {
            await Admin.CoordinationV1.CreateNamespacedLeaseAsync(
                new V1Lease
                {
                    ApiVersion = "coordination.k8s.io/v1",
                    Kind = "Lease",
                    Metadata = new V1ObjectMeta { Name = copy.Name(), NamespaceProperty = Namespace, Labels = copy.Metadata.Labels, Annotations = copy.Metadata.Annotations },
                    Spec = new V1LeaseSpec { HolderIdentity = copy.Spec.HolderIdentity, LeaseDurationSeconds = copy.Spec.LeaseDurationSeconds },
                },
                Namespace,
                cancellationToken: Token);
        }
    }

    private async Task PatchLeaseAsync(string name, JsonObject patch)
    {
#pragma warning disable RS0030 // A string is sent unchanged.
        await Admin.CoordinationV1.PatchNamespacedLeaseAsync(new V1Patch(patch.ToJsonString(), V1Patch.PatchType.MergePatch), name, Namespace, cancellationToken: Token);
#pragma warning restore RS0030
    }
}
