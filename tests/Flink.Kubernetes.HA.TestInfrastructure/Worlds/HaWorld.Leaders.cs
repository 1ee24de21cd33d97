using System.Text.Json.Nodes;
using Flink.Kubernetes.HA.ConfigMaps;
using Flink.Kubernetes.HA.Testing;
using Flink.Kubernetes.HA.WireFormat;
using k8s.Autorest;
using k8s.Models;

namespace Flink.Kubernetes.HA.TestInfrastructure.Worlds;

/// <content>What somebody else does to the ConfigMap of a leader.</content>
internal sealed partial class HaWorld
{
    public Task EditAnnotationAsync(string annotation, string? value) =>
        EditAsync(new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [annotation] = value } } });

    public Task EditTermAsync(TermRecord term) => EditAnnotationAsync(HaNames.TermAnnotation, term.ToJson());

    public Task RemoveDataAsync() => EditAsync(new JsonObject { ["data"] = null });

    /// <summary>Stores a ConfigMap with exactly this content, whether or not it exists.</summary>
    public async Task PutAsync(ConfigMap content)
    {
        var (space, name) = (content.Key.Namespace, content.Key.Name);
        var item = new V1ConfigMap
        {
            ApiVersion = "v1",
            Kind = "ConfigMap",
            Metadata = new V1ObjectMeta
            {
                Name = name,
                NamespaceProperty = space,
                Labels = content.Labels.ToDictionary(),
                Annotations = content.Annotations.ToDictionary(),
            },
            Data = content.Data.ToDictionary(),
        };
        for (var replaces = true; ; replaces = !replaces)
        {
            try
            {
                using var stored = replaces
                    ? await Admin.CoreV1.ReplaceNamespacedConfigMapWithHttpMessagesAsync(item, name, space, cancellationToken: Token)
                    : await Admin.CoreV1.CreateNamespacedConfigMapWithHttpMessagesAsync(item, space, cancellationToken: Token);
                return;
            }
            catch (HttpOperationException exception) when (
                exception.Response.StatusCode == (replaces ? System.Net.HttpStatusCode.NotFound : System.Net.HttpStatusCode.Conflict))
            {
                // Not there; or a contender has created it meanwhile.
            }
        }
    }

    /// <summary>What can go wrong with a request of a leader, by a name that a theory can carry.</summary>
    public static Fault FaultNamed(string name) => name switch
    {
        "lose response" => Fault.LoseResponse(),
        "lose request" => Fault.LoseRequest(),
        "not connected" => Fault.NotConnected(),
        _ => throw new ArgumentException($"There is no fault '{name}'.", nameof(name)),
    };
}
