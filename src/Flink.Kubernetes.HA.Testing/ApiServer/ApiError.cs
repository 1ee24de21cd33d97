using System.Text.Json.Nodes;

namespace Flink.Kubernetes.HA.Testing.ApiServer;

/// <summary>A refusal, in the real server's status, reason and wording.</summary>
internal sealed class ApiError(int status, string? reason, string message) : Exception(message)
{
    public int Status { get; } = status;

    public string? Reason { get; } = reason;

    public int? RetryAfterSeconds { get; init; }

    /// <summary>What of the request was refused, where the server names no field.</summary>
    private string? Cause { get; init; }

    private ApiResource? Resource { get; init; }

    private string? Name { get; init; }

    public static ApiError BadRequest(string message) => new(400, "BadRequest", message);

    public static ApiError Forbidden(ApiCall call)
    {
        var target = call.Name is null ? call.Resource.QualifiedName : $"{call.Resource.QualifiedName} \"{call.Name}\"";
        var scope = call.Namespace is null ? "at the cluster scope" : $"in the namespace \"{call.Namespace}\"";
        return new(
            403,
            "Forbidden",
            $"{target} is forbidden: User \"{call.User}\" cannot {call.Verb} resource \"{call.PluralName}\" in API group \"{call.Resource.Group}\" {scope}") { Resource = call.Resource, Name = call.Name };
    }

    public static ApiError NotFound(ApiResource resource, string name) =>
        new(404, "NotFound", $"{resource.QualifiedName} \"{name}\" not found") { Resource = resource, Name = name };

    public static ApiError AlreadyExists(ApiResource resource, string name) =>
        new(409, "AlreadyExists", $"{resource.QualifiedName} \"{name}\" already exists") { Resource = resource, Name = name };

    public static ApiError Conflict(ApiResource resource, string name, string why) =>
        new(409, "Conflict", $"Operation cannot be fulfilled on {resource.QualifiedName} \"{name}\": {why}") { Resource = resource, Name = name };

    public static ApiError Modified(ApiResource resource, string name) =>
        Conflict(resource, name, "the object has been modified; please apply your changes to the latest version and try again");

    public static ApiError Expired(string message) => new(410, "Expired", message);

    public static ApiError TooLarge(string message) => new(413, "RequestEntityTooLarge", $"Request entity too large: {message}");

    public static ApiError Invalid(ApiResource resource, string? name, string cause) =>
        new(422, "Invalid", $"{resource.QualifiedKind} \"{name}\" is invalid: {cause}") { Resource = resource, Name = name };

    /// <summary>Real servers say no more than this and send empty details, so that a client cannot find out here what it could not find out there.</summary>
    public static ApiError PatchRefused(string cause) =>
        new(422, "Invalid", "the server rejected our request due to an error in our request") { Cause = cause };

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
            ["details"] = Details(),
            ["code"] = Status,
        };
        foreach (var absent in status.Where(member => member.Value is null).Select(member => member.Key).ToList())
        {
            status.Remove(absent);
        }

        return status;
    }

    private JsonObject? Details()
    {
        var details = new JsonObject();
        Add("name", Name);
        Add("group", Resource?.Group is { Length: > 0 } group ? group : null);
        Add("kind", Resource?.Plural);
        Add("retryAfterSeconds", RetryAfterSeconds);
        return details.Count == 0 && Cause is null ? null : details;

        void Add(string name, JsonNode? value)
        {
            if (value is not null)
            {
                details[name] = value;
            }
        }
    }
}

/// <summary>The connection to the server broke, or there is no server: no answer came.</summary>
internal sealed class ConnectionBrokenException(string message) : IOException(message);
