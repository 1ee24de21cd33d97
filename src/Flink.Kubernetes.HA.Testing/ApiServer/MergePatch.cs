using System.Text.Json.Nodes;

namespace Flink.Kubernetes.HA.Testing.ApiServer;

/// <summary>Applies a JSON merge patch (RFC 7386).</summary>
internal static class MergePatch
{
    /// <summary>Returns the patched document; the one given is changed on the way and must not be used again.</summary>
    public static JsonNode? Apply(JsonNode? document, JsonNode? patch)
    {
        if (patch is not JsonObject changes)
        {
            return patch?.DeepClone();
        }

        var result = document as JsonObject ?? [];
        foreach (var (name, change) in changes)
        {
            if (change is null)
            {
                result.Remove(name);
                continue;
            }

            // Out of the object first: a node has one parent only.
            result.TryGetPropertyValue(name, out var old);
            result.Remove(name);
            result[name] = Apply(old, change);
        }

        return result;
    }
}
