using Flink.Kubernetes.HA.Testing.ApiServer;
using Microsoft.AspNetCore.Http;

namespace Flink.Kubernetes.HA.Testing.Http;

/// <summary>Kubernetes' REST API in front of the operations.</summary>
internal sealed class RestFront(ApiOperations operations, IReadOnlyDictionary<string, string>? tokens, CancellationToken stopping)
{
    public async Task HandleAsync(HttpContext context)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        try
        {
            await AnswerAsync(context, ended.Token).ConfigureAwait(false);
        }
        catch (ApiError error) when (!context.Response.HasStarted)
        {
            await RestResponse.WriteErrorAsync(context.Response, error, ended.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is ConnectionBrokenException or OperationCanceledException)
        {
            context.Abort();
        }
    }

    private async Task AnswerAsync(HttpContext context, CancellationToken cancellationToken)
    {
        var (request, response) = (context.Request, context.Response);
        var user = Authenticate(request);
        if (Discovery.Find(request.Path) is { } document)
        {
            await RestResponse.WriteAsync(response, 200, document, cancellationToken).ConfigureAwait(false);
            return;
        }

        if (RestPath.Parse(request.Path) is not { } path)
        {
            throw new ApiError(404, "NotFound", "the server could not find the requested resource");
        }

        var metadataOnly = MediaTypes.WantsMetadataOnly(request.Headers.Accept);
        var call = new ApiCall(user, Verb(request, path), path.Resource, path.Namespace, path.Name ?? FieldSelector.NameIn(request.Query["fieldSelector"]));
        switch (call.Verb)
        {
            case "watch":
                using (var stream = operations.Watch(call, RestQuery.Watch(request.Query)))
                {
                    await WatchResponse.WriteAsync(response, stream, call.Resource, metadataOnly, cancellationToken).ConfigureAwait(false);
                }

                break;
            case "list":
                var page = operations.List(call, RestQuery.List(request.Query));
                await RestResponse.WriteAsync(response, 200, ListJson.ToUtf8(call.Resource, page, metadataOnly), cancellationToken).ConfigureAwait(false);
                break;
            case "delete":
                var options = DeleteOptionsJson.Read(await RestRequest.ReadBodyAsync(request, cancellationToken).ConfigureAwait(false));
                var deleted = operations.Delete(call, options);
                await RestResponse.WriteAsync(response, 200, DeleteOptionsJson.Success(call, deleted), cancellationToken).ConfigureAwait(false);
                break;
            case var verb:
                var body = verb == "get" ? default : await RestRequest.ReadBodyAsync(request, cancellationToken).ConfigureAwait(false);
                var item = verb switch
                {
                    "create" => operations.Create(call, body),
                    "update" => operations.Replace(call, body),
                    "patch" => operations.Patch(call, MediaTypes.PatchType(request.ContentType), body),
                    _ => operations.Get(call),
                };
                await RestResponse.WriteAsync(response, verb == "create" ? 201 : 200, item.JsonFor(metadataOnly), cancellationToken).ConfigureAwait(false);
                break;
        }
    }

    private static string Verb(HttpRequest request, RestPath path) => (request.Method, path.Name) switch
    {
        ("GET", null) => request.Query["watch"].ToString() is "true" or "1" ? "watch" : "list",
        ("GET", _) => "get",
        ("POST", null) when path.Namespace is not null => "create",
        ("PUT", not null) => "update",
        ("PATCH", not null) => "patch",
        ("DELETE", not null) => "delete",
        _ => throw new ApiError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource"),
    };

    private string Authenticate(HttpRequest request)
    {
        const string Scheme = "Bearer ";
        var header = request.Headers.Authorization.ToString();
        var token = header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? header[Scheme.Length..].Trim() : null;
        if (tokens is null)
        {
            return token ?? "system:anonymous";
        }

        return token is not null && tokens.TryGetValue(token, out var user) ? user : throw new ApiError(401, "Unauthorized", "Unauthorized");
    }
}
