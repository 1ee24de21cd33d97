using System.Text.Json.Nodes;

namespace Flink.Kubernetes.HA.Testing.ApiServer;

/// <summary>A refusal, in the real server's status, reason and wording.</summary>
internal sealed class ApiError(int status, string? reason, string message) : Exception(message)
{
    public int Status { get; } = status;

    public string? Reason { get; } = reason;

    public int? RetryAfterSeconds { get; init; }

    public static ApiError BadRequest(string message) => new(400, "BadRequest", message);

    public static ApiError Forbidden(ApiCall call)
    {
        var target = call.Name is null ? call.Resource.QualifiedName : $"{call.Resource.QualifiedName} \"{call.Name}\"";
        var scope = call.Namespace is null ? "at the cluster scope" : $"in the namespace \"{call.Namespace}\"";
        return new(403, "Forbidden", $"{target} is forbidden: User \"{call.User}\" cannot {call.Verb} resource \"{call.Resource.Plural}\" in API group \"{call.Resource.Group}\" {scope}");
    }

    public static ApiError NotFound(ApiResource resource, string name) => new(404, "NotFound", $"{resource.QualifiedName} \"{name}\" not found");

    public static ApiError AlreadyExists(ApiResource resource, string name) => new(409, "AlreadyExists", $"{resource.QualifiedName} \"{name}\" already exists");

    public static ApiError Conflict(ApiResource resource, string name, string why) => new(409, "Conflict", $"Operation cannot be fulfilled on {resource.QualifiedName} \"{name}\": {why}");

    public static ApiError Modified(ApiResource resource, string name) =>
        Conflict(resource, name, "the object has been modified; please apply your changes to the latest version and try again");

    public static ApiError Expired(string message) => new(410, "Expired", message);

    public static ApiError TooLarge(string message) => new(413, "RequestEntityTooLarge", message);

    public static ApiError Invalid(ApiResource resource, string? name, string cause) => new(422, "Invalid", $"{resource.QualifiedKind} \"{name}\" is invalid: {cause}");

    public static ApiError PatchRefused(string cause) => new(422, "Invalid", $"the server rejected our request due to an error in our request: {cause}");

    public JsonObject ToStatus()
    {
        var status = new JsonObject
        {
            ["kind"] = "Status",
            ["apiVersion"] = "v1",
            ["metadata"] = new JsonObject(),
            ["status"] = "Failure",
            ["message"] = Message,
            ["reason"] = Reason,
            ["code"] = Status,
        };
        if (Reason is null)
        {
            status.Remove("reason");
        }

        if (RetryAfterSeconds is { } seconds)
        {
            status["details"] = new JsonObject { ["retryAfterSeconds"] = seconds };
        }

        return status;
    }
}
