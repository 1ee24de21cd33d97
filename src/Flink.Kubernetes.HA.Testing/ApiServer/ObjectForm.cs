using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Flink.Kubernetes.HA.Testing.ApiServer;

/// <summary>Brings an object into the form in which the server stores it: known fields have their type, empty ones go.</summary>
internal static class ObjectForm
{
    private const string MicroTime = "yyyy-MM-dd'T'HH:mm:ss.ffffff";

    /// <exception cref="FormatException">A known field has the wrong type.</exception>
    public static JsonObject Normalize(ApiResource resource, JsonNode? document)
    {
        var source = document as JsonObject ?? throw new FormatException("an object was expected");
        Require(source, "apiVersion", resource.ApiVersion);
        Require(source, "kind", resource.Kind);
        var result = new JsonObject { ["apiVersion"] = resource.ApiVersion, ["kind"] = resource.Kind, ["metadata"] = Metadata(source) };
        foreach (var (name, value) in source)
        {
            if (value is not null && resource.Keeps(name))
            {
                result[name] = value.DeepClone();
            }
        }

        if (resource == ApiResource.ConfigMaps)
        {
            TextMap(result, "data");
            TextMap(result, "binaryData");
            Base64(result);
            _ = result["immutable"] is { } flag && flag.GetValueKind() is not (JsonValueKind.True or JsonValueKind.False)
                ? throw new FormatException("immutable must be a boolean")
                : true;
        }
        else if (resource == ApiResource.Leases)
        {
            Spec(result);
        }

        return result;
    }

    private static JsonObject Metadata(JsonObject source)
    {
        var metadata = new JsonObject();
        if (source["metadata"] is { } given)
        {
            foreach (var (name, value) in given as JsonObject ?? throw new FormatException("metadata must be an object"))
            {
                var isText = name is "name" or "namespace" or "generateName" or "uid" or "resourceVersion" or "creationTimestamp" or "deletionTimestamp";
                if (isText && value is not null && value.GetValueKind() != JsonValueKind.String)
                {
                    throw new FormatException($"metadata.{name} must be a string");
                }

                var isEmpty = value is null || (isText && ((string)value!).Length == 0);
                if (!isEmpty && name is not ("managedFields" or "selfLink"))
                {
                    metadata[name] = value!.DeepClone();
                }
            }
        }

        TextMap(metadata, "labels");
        TextMap(metadata, "annotations");
        return metadata;
    }

    /// <summary>A map of strings; like the real server, null values become empty and an empty map goes.</summary>
    private static void TextMap(JsonObject parent, string name)
    {
        if (parent[name] is not { } node)
        {
            parent.Remove(name);
            return;
        }

        var map = node as JsonObject ?? throw new FormatException($"{name} must be a map of strings");
        foreach (var (key, value) in map.ToList())
        {
            if (value is null)
            {
                map[key] = string.Empty;
            }
            else if (value.GetValueKind() != JsonValueKind.String)
            {
                throw new FormatException($"{name}.{key} must be a string");
            }
        }

        if (map.Count == 0)
        {
            parent.Remove(name);
        }
    }

    private static void Base64(JsonObject map)
    {
        foreach (var (key, value) in map["binaryData"]?.AsObject() ?? [])
        {
            if (!System.Buffers.Text.Base64.IsValid((string)value!))
            {
                throw new FormatException($"binaryData.{key} is not base64");
            }
        }
    }

    private static void Spec(JsonObject lease)
    {
        var spec = lease["spec"] as JsonObject ?? (lease["spec"] is null ? [] : throw new FormatException("spec must be an object"));
        foreach (var (name, value) in spec.ToList())
        {
            if (value is null)
            {
                spec.Remove(name);
            }
            else if (name is "holderIdentity" && value.GetValueKind() != JsonValueKind.String)
            {
                throw new FormatException("spec.holderIdentity must be a string");
            }
            else if (name is "leaseDurationSeconds" or "leaseTransitions" && !(value is JsonValue number && number.TryGetValue<int>(out _)))
            {
                throw new FormatException($"spec.{name} must be an int32");
            }
            else if (name is "acquireTime" or "renewTime")
            {
                spec[name] = Time(name, value);
            }
        }

        lease["spec"] = spec.Parent is null ? spec : spec.DeepClone();
    }

    /// <summary>A MicroTime: up to at least 1.20 with exactly six digits; any offset is taken and stored as UTC.</summary>
    private static string Time(string name, JsonNode value) =>
        value.GetValueKind() == JsonValueKind.String
        && DateTimeOffset.TryParseExact((string)value!, MicroTime + "K", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
        && (((string)value!).EndsWith('Z') || ((string)value!).Length > MicroTime.Length)
            ? time.UtcDateTime.ToString(MicroTime + "'Z'", CultureInfo.InvariantCulture)
            : throw new FormatException($"spec.{name}: cannot parse {value.ToJsonString()} as \"2006-01-02T15:04:05.000000Z07:00\"");

    private static void Require(JsonObject source, string name, string expected)
    {
        if (source[name] is { } value && (value.GetValueKind() != JsonValueKind.String || ((string)value! is { Length: > 0 } text && text != expected)))
        {
            throw new FormatException($"the {name} in the data ({value}) does not match the expected {name} ({expected})");
        }
    }
}
