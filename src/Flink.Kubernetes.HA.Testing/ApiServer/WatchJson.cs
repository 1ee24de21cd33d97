using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Flink.Kubernetes.HA.Testing.ApiServer;

/// <summary>The objects that a watch sends besides the stored ones.</summary>
internal static class WatchJson
{
    /// <summary>The object of a bookmark: a kind and a resource version.</summary>
    public static byte[] BookmarkObject(ApiResource resource, long revision, bool metadataOnly) => JsonText.ToUtf8(new JsonObject
    {
        ["kind"] = metadataOnly ? "PartialObjectMetadata" : resource.Kind,
        ["apiVersion"] = metadataOnly ? "meta.k8s.io/v1" : resource.ApiVersion,
        ["metadata"] = new JsonObject { ["resourceVersion"] = revision.ToString(CultureInfo.InvariantCulture), ["creationTimestamp"] = null },
    });

    /// <summary>One event as a line.</summary>
    public static byte[] Event(string type, byte[] item) => [.. "{\"type\":\""u8, .. Encoding.ASCII.GetBytes(type), .. "\",\"object\":"u8, .. item, .. "}\n"u8];
}
