using System.Text.Json.Nodes;
using Flink.Kubernetes.HA.ConfigMaps;
using Flink.Kubernetes.HA.WireFormat;
using k8s.Models;

namespace Flink.Kubernetes.HA.TestInfrastructure.Worlds;

/// <content>What somebody else does to ConfigMaps, and what they hold.</content>
internal sealed partial class HaWorld
{
    /// <summary>Reads the Dispatcher's ConfigMap, or another.</summary>
    public Task<ConfigMap> ReadAsync(ObjectKey? key = null) => Requests.GetAsync(key ?? Key, metadataOnly: false, Token);

    public async Task<ConfigMap?> FindAsync(ObjectKey key)
    {
        try
        {
            return await ReadAsync(key);
        }
        catch (KubernetesHaException exception) when (exception.Failure == KubernetesFailure.NotFound)
        {
            return null;
        }
    }

    public async Task<LeaderElectionRecord> ReadRecordAsync() => LeaderElectionRecord.Parse((await ReadAsync()).Annotation(HaNames.LockAnnotation));

    /// <summary>Changes a ConfigMap by a merge patch, as kubectl does.</summary>
    public async Task EditAsync(JsonObject mergePatch, ObjectKey? key = null)
    {
        var (name, patch) = (key ?? Key, new V1Patch(mergePatch.ToJsonString(), V1Patch.PatchType.MergePatch));
        using var response = await Admin.CoreV1.PatchNamespacedConfigMapWithHttpMessagesAsync(patch, name.Name, name.Namespace, cancellationToken: Token);
    }

    /// <summary>Sets one entry of the data, or removes it.</summary>
    public Task EditDataAsync(string entry, string? value, ObjectKey? key = null) => EditAsync(new JsonObject { ["data"] = new JsonObject { [entry] = value } }, key);

    public Task EditLockAsync(string? annotation) =>
        EditAsync(new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [HaNames.LockAnnotation] = annotation } } });

    /// <summary>Creates a ConfigMap by hand: the Dispatcher's, or another.</summary>
    public async Task<ConfigMap> CreateAsync(
        string? lockAnnotation = null, IReadOnlyDictionary<string, string>? labels = null, ObjectKey? key = null, IReadOnlyDictionary<string, string>? data = null)
    {
        var name = key ?? Key;
        var item = new V1ConfigMap
        {
            ApiVersion = "v1",
            Kind = "ConfigMap",
            Metadata = new V1ObjectMeta
            {
                Name = name.Name,
                NamespaceProperty = name.Namespace,
                Labels = labels?.ToDictionary(),
                Annotations = lockAnnotation is null ? null : new Dictionary<string, string> { [HaNames.LockAnnotation] = lockAnnotation },
            },
            Data = data?.ToDictionary(),
        };
        using var response = await Admin.CoreV1.CreateNamespacedConfigMapWithHttpMessagesAsync(item, name.Namespace, cancellationToken: Token);
        return ConfigMap.From(response.Body)!;
    }

    public Task DeleteAsync(ObjectKey? key = null) => Requests.DeleteAsync(key ?? Key, uid: null, resourceVersion: null, Token);
}
