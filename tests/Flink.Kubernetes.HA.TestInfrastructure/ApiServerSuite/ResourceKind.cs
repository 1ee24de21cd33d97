using System.Text.Json.Nodes;

namespace Flink.Kubernetes.HA.TestInfrastructure.ApiServerSuite;

/// <summary>A kind of object: where it lives, and the smallest object that a server takes.</summary>
internal sealed record ResourceKind(string Kind, string ApiVersion, string Plural, string Spec)
{
    internal static readonly ResourceKind ConfigMap = new("ConfigMap", "v1", "configmaps", """{"data":{"k":"v"}}""");

    internal static readonly ResourceKind Lease =
        new("Lease", "coordination.k8s.io/v1", "leases", """{"spec":{"holderIdentity":"me","leaseDurationSeconds":15}}""");

    internal static readonly ResourceKind Pod = new("Pod", "v1", "pods", """{"spec":{"containers":[{"name":"main","image":"none"}]}}""");

    internal static ResourceKind Of(string kind) => new[] { ConfigMap, Lease, Pod }.Single(k => k.Kind == kind);

    internal JsonObject New(string name)
    {
        var item = JsonNode.Parse(Spec)!.AsObject();
        item["apiVersion"] = ApiVersion;
        item["kind"] = Kind;
        item["metadata"] = new JsonObject { ["name"] = name };
        return item;
    }

    /// <summary>The path of the collection, or of one object in it. Each name is one segment, whatever is in it.</summary>
    internal string Path(string namespaceName, string? name = null)
    {
        var root = ApiVersion == "v1" ? "/api" : "/apis";
        var collection = $"{root}/{ApiVersion}/namespaces/{Uri.EscapeDataString(namespaceName)}/{Plural}";
        return name is null ? collection : $"{collection}/{Uri.EscapeDataString(name)}";
    }
}
