using System.Text.Json;
using System.Text.Json.Nodes;
using Flink.Kubernetes.HA.Testing.ApiServer;

namespace Flink.Kubernetes.HA.Testing.Http;

/// <summary>What a delete is sent and answers.</summary>
internal static class Deletion
{
    public static DeletePreconditions? Preconditions(ReadOnlyMemory<byte> body)
    {
        if (body.IsEmpty)
        {
            return null;
        }

        var options = JsonText.ParseBody(body, "couldn't get version/kind; json parse error") as JsonObject ?? throw ApiError.BadRequest("DeleteOptions are an object");
        return options["preconditions"] is JsonObject preconditions
            ? new DeletePreconditions(Text(preconditions["uid"]), Text(preconditions["resourceVersion"]))
            : null;
    }

    /// <summary>A status, also where only metadata is asked for; of pods, which real servers end gracefully, the pod as it ends.</summary>
    public static byte[] Answer(ApiCall call, StoredObject deleted, bool metadataOnly)
    {
        if (call.Resource == ApiResource.Pods)
        {
            return deleted.JsonFor(metadataOnly);
        }

        var details = new JsonObject { ["name"] = call.Name, ["group"] = call.Resource.Group, ["kind"] = call.Resource.Plural, ["uid"] = deleted.Uid };
        if (call.Resource.Group.Length == 0)
        {
            details.Remove("group");
        }

        return JsonText.ToUtf8(new JsonObject
        {
            ["kind"] = "Status",
            ["apiVersion"] = "v1",
            ["metadata"] = new JsonObject(),
            ["status"] = "Success",
            ["details"] = details,
        });
    }

    private static string? Text(JsonNode? value) =>
        value is null ? null
        : value.GetValueKind() == JsonValueKind.String ? (string)value!
        : throw ApiError.BadRequest("a precondition is a string");
}
