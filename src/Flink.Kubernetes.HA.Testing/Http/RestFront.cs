using Flink.Kubernetes.HA.Testing.ApiServer;

namespace Flink.Kubernetes.HA.Testing.Http;

/// <summary>Kubernetes' REST API in front of the operations, whichever way the requests come in.</summary>
internal sealed class RestFront(ApiOperations operations)
{
    /// <exception cref="ConnectionBrokenException">The server has been stopped.</exception>
    public async Task<RestResponse> AnswerAsync(RestRequest request, CancellationToken cancellationToken)
    {
        try
        {
            if (request.User is null)
            {
                throw new ApiError(401, "Unauthorized", "Unauthorized");
            }

            return Discovery.Find(request.Path) is { } document
                ? new RestResponse(200, document)
                : await AnswerAsync(request, CallOf(request, request.User), cancellationToken).ConfigureAwait(false);
        }
        catch (ApiError error)
        {
            return RestResponse.Of(error);
        }
    }

    private async Task<RestResponse> AnswerAsync(RestRequest request, ApiCall call, CancellationToken cancellationToken)
    {
        var metadataOnly = MediaTypes.WantsMetadataOnly(request.Accept);
        switch (call.Verb)
        {
            case "watch":
                var watch = operations.Watch(call, request.Query.ToWatch());
                return new RestResponse(200, default) { Watch = new WatchBody(watch, call.Resource, metadataOnly) };
            case "list":
                return new RestResponse(200, ListJson.ToUtf8(call.Resource, operations.List(call, request.Query.ToList()), metadataOnly));
            case "deletecollection":
                return new RestResponse(200, ListJson.ToUtf8(call.Resource, operations.DeleteCollection(call, request.Query.ToList()), metadataOnly));
            case "get":
                return Answer(operations.Get(call));
        }

        var body = await request.ReadBodyAsync(cancellationToken).ConfigureAwait(false);
        switch (call.Verb)
        {
            case "create":
                return Answer(operations.Create(call, body), isCreated: true);
            case "update":
                var (item, isCreated) = operations.Replace(call, body);
                return Answer(item, isCreated);
            case "patch":
                return Answer(operations.Patch(call, MediaTypes.PatchTypeOf(request.ContentType), body));
            default:
                return new RestResponse(200, Deletion.Answer(call, operations.Delete(call, Deletion.Preconditions(body)), metadataOnly));
        }

        RestResponse Answer(StoredObject item, bool isCreated = false) => new(isCreated ? 201 : 200, item.JsonFor(metadataOnly));
    }

    private static ApiCall CallOf(RestRequest request, string user)
    {
        if (RestPath.Parse(request.Path) is not { Version: "v1" } path
            || ApiResource.Find(path.Group, path.Plural) is not { } resource
            || (path.Name is not null && path.Namespace is null)
            || path.Subresource is not (null or "status")
            || (path.Subresource is not null && !resource.HasStatus))
        {
            throw new ApiError(404, "NotFound", "the server could not find the requested resource");
        }

        var isAllowed = (path.Verb(request.Method, request.Query), path) switch
        {
            ("create", { Name: not null } or { Namespace: null }) => false,
            ("deletecollection", { Namespace: null }) => false,
            ("update" or "patch", { Name: null }) => false,
            ("delete", { Subresource: not null }) => false,
            (null, _) => false,
            _ => true,
        };
        return isAllowed
            ? new ApiCall(user, path.Verb(request.Method, request.Query)!, resource, path.Namespace, path.Name ?? request.Query.SelectedName, path.Subresource)
            : throw new ApiError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource");
    }
}
