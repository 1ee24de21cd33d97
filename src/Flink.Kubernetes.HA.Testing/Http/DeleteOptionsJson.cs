using System.Text.Json;
using System.Text.Json.Nodes;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.Testing.ApiServer;

namespace Flink.Kubernetes.HA.Testing.Http;

/// <summary>What a delete is sent and answers.</summary>
internal static class DeleteOptionsJson
{
    public static DeletePreconditions? Read(ReadOnlyMemory<byte> body)
    {
        if (body.IsEmpty)
        {
            return null;
        }

        var options = JsonText.ParseBody(body.Span) as JsonObject ?? throw ApiError.BadRequest("DeleteOptions are an object");
        return options["preconditions"] is JsonObject preconditions
            ? new DeletePreconditions(Text(preconditions["uid"]), Text(preconditions["resourceVersion"]))
            : null;
    }

    public static byte[] Success(ApiCall call, StoredObject deleted) => JsonText.ToUtf8(new JsonObject
    {
        ["kind"] = "Status",
        ["apiVersion"] = "v1",
        ["metadata"] = new JsonObject(),
        ["status"] = "Success",
        ["details"] = new JsonObject { ["name"] = call.Name, ["group"] = call.Resource.Group, ["kind"] = call.Resource.Plural, ["uid"] = deleted.Uid },
    });

    private static string? Text(JsonNode? value) =>
        value is null ? null
        : value.GetValueKind() == JsonValueKind.String ? (string)value!
        : throw ApiError.BadRequest("a precondition is a string");
}
