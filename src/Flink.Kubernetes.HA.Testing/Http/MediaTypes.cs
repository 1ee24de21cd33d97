using Flink.Kubernetes.HA.Testing.ApiServer;

namespace Flink.Kubernetes.HA.Testing.Http;

/// <summary>Which forms a client sends and takes.</summary>
internal static class MediaTypes
{
    /// <summary>The first form that this server can give decides; it gives no tables, and kubectl copes.</summary>
    public static bool WantsMetadataOnly(string? accept)
    {
        if (string.IsNullOrEmpty(accept))
        {
            return false;
        }

        foreach (var form in accept.Split(','))
        {
            var parts = form.Split(';', StringSplitOptions.TrimEntries);
            if (parts[0] is not ("application/json" or "application/*" or "*/*"))
            {
                continue;
            }

            switch (parts.FirstOrDefault(p => p.StartsWith("as=", StringComparison.Ordinal)))
            {
                case null:
                    return false;
                case "as=PartialObjectMetadata" or "as=PartialObjectMetadataList" when parts.Contains("g=meta.k8s.io") && parts.Contains("v=v1"):
                    return true;
            }
        }

        throw new ApiError(406, "NotAcceptable", "only the following media types are accepted: application/json");
    }

    /// <summary>The kind of a patch; of the objects here a strategic merge patch without directives means the same as a merge patch.</summary>
    public static PatchType PatchTypeOf(string? contentType) => WithoutParameters(contentType) switch
    {
        "application/json-patch+json" => PatchType.Json,
        "application/merge-patch+json" or "application/strategic-merge-patch+json" => PatchType.Merge,
        var other => throw new ApiError(
            415,
            "UnsupportedMediaType",
            $"the body of the request was in an unknown format: {other}; accepted media types include: application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json"),
    };

    public static bool IsJson(string? contentType) => WithoutParameters(contentType) is "application/json" or "";

    private static string WithoutParameters(string? contentType) => (contentType ?? string.Empty).Split(';')[0].Trim();
}
