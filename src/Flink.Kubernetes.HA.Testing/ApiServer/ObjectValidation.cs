using System.Buffers.Text;
using System.Text;
using System.Text.Json.Nodes;

namespace Flink.Kubernetes.HA.Testing.ApiServer;

/// <summary>Refuses objects that the real server refuses with 422.</summary>
internal static class ObjectValidation
{
    private const int MaxDataBytes = 1_048_576;
    private const int MaxAnnotationBytes = 262_144;
    private static readonly string[] Contents = ["data", "binaryData"];

    /// <param name="resource">The kind.</param>
    /// <param name="item">The object, normalized.</param>
    /// <param name="stored">The stored one, or <see langword="null"/> on creation.</param>
    public static void Check(ApiResource resource, JsonObject item, JsonObject? stored)
    {
        var metadata = item["metadata"]!.AsObject();
        var name = (string?)metadata["name"];
        if (name is null)
        {
            throw ApiError.Invalid(resource, name, "metadata.name: Required value: name or generateName is required");
        }

        if (!NameRules.IsSubdomain(name))
        {
            throw ApiError.Invalid(resource, name, $"metadata.name: Invalid value: \"{name}\": {NameRules.SubdomainMessage}");
        }

        if ((string?)metadata["namespace"] is not { } space || !NameRules.IsDnsLabel(space))
        {
            throw ApiError.Invalid(resource, name, $"metadata.namespace: Invalid value: \"{metadata["namespace"]}\"");
        }

        CheckMaps(resource, name, metadata);
        if (resource == ApiResource.ConfigMaps)
        {
            CheckConfigMap(name, item, stored);
        }
        else if (resource == ApiResource.Leases)
        {
            CheckAtLeast(name, item, "leaseDurationSeconds", 1, "must be greater than 0");
            CheckAtLeast(name, item, "leaseTransitions", 0, "must be greater than or equal to 0");
        }
    }

    private static void CheckMaps(ApiResource resource, string name, JsonObject metadata)
    {
        foreach (var (key, value) in metadata["labels"]?.AsObject() ?? [])
        {
            if (!NameRules.IsQualifiedName(key) || !NameRules.IsLabelValue((string)value!))
            {
                throw ApiError.Invalid(resource, name, $"metadata.labels: Invalid value: \"{key}={value}\"");
            }
        }

        var bytes = 0L;
        foreach (var (key, value) in metadata["annotations"]?.AsObject() ?? [])
        {
            if (!NameRules.IsQualifiedName(key.ToLowerInvariant()))
            {
                throw ApiError.Invalid(resource, name, $"metadata.annotations: Invalid value: \"{key}\"");
            }

            bytes += Encoding.UTF8.GetByteCount(key) + Encoding.UTF8.GetByteCount((string)value!);
        }

        if (bytes > MaxAnnotationBytes)
        {
            throw ApiError.Invalid(resource, name, $"metadata.annotations: Too long: must have at most {MaxAnnotationBytes} bytes");
        }
    }

    private static void CheckConfigMap(string name, JsonObject item, JsonObject? stored)
    {
        var data = item["data"]?.AsObject() ?? [];
        var binaryData = item["binaryData"]?.AsObject() ?? [];
        var bytes = data.Sum(entry => (long)Encoding.UTF8.GetByteCount((string)entry.Value!));
        foreach (var (key, value) in binaryData)
        {
            Base64.IsValid((string)value!, out var length);
            bytes += length;
            _ = data.ContainsKey(key) ? throw Invalid(name, $"data[{key}]: Invalid value: \"{key}\": duplicate of key present in binaryData") : 0;
        }

        foreach (var key in data.Concat(binaryData).Select(entry => entry.Key))
        {
            if (!NameRules.IsConfigMapKey(key))
            {
                throw Invalid(name, $"data[{key}]: Invalid value: \"{key}\": a valid config key must consist of alphanumeric characters, '-', '_' or '.'");
            }
        }

        if (bytes > MaxDataBytes)
        {
            throw Invalid(name, $"[]: Too long: must have at most {MaxDataBytes} bytes");
        }

        if (IsImmutable(stored))
        {
            var changed = Contents.FirstOrDefault(field => !JsonNode.DeepEquals(item[field], stored![field]));
            changed ??= IsImmutable(item) ? null : "immutable";
            if (changed is not null)
            {
                throw Invalid(name, $"{changed}: Forbidden: field is immutable when `immutable` is set");
            }
        }
    }

    private static bool IsImmutable(JsonObject? item) => (bool?)item?["immutable"] == true;

    private static void CheckAtLeast(string name, JsonObject lease, string field, int least, string message)
    {
        if ((int?)lease["spec"]?[field] is { } value && value < least)
        {
            throw ApiError.Invalid(ApiResource.Leases, name, $"spec.{field}: Invalid value: {value}: {message}");
        }
    }

    private static ApiError Invalid(string name, string cause) => ApiError.Invalid(ApiResource.ConfigMaps, name, cause);
}
