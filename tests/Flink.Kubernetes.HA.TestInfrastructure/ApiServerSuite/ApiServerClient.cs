using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace Flink.Kubernetes.HA.TestInfrastructure.ApiServerSuite;

/// <summary>
/// The official client in short words. ConfigMaps go through its operations and models, as the library does; everything that a
/// model would lose or change (other kinds, metadata only, exact bytes, watches) goes as text through its HTTP client.
/// </summary>
internal sealed class ApiServerClient(k8s.Kubernetes client) : IDisposable
{
    internal const string Json = "application/json";
    internal const string JsonPatch = "application/json-patch+json";
    internal const string MergePatch = "application/merge-patch+json";
    internal const string MetadataOnly = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";

    internal Task<V1ConfigMap> GetAsync(string space, string name, CancellationToken token) =>
        BodyAsync(client.CoreV1.ReadNamespacedConfigMapWithHttpMessagesAsync(name, space, cancellationToken: token));

    internal Task<V1ConfigMapList> ListAsync(string space, ListQuery? query, CancellationToken token) =>
        BodyAsync(client.CoreV1.ListNamespacedConfigMapWithHttpMessagesAsync(
            space,
            labelSelector: query?.Labels,
            fieldSelector: query?.Fields,
            limit: query?.Limit,
            continueParameter: query?.Continue,
            cancellationToken: token));

    internal Task<V1ConfigMap> CreateAsync(string space, V1ConfigMap item, CancellationToken token) =>
        BodyAsync(client.CoreV1.CreateNamespacedConfigMapWithHttpMessagesAsync(item, space, cancellationToken: token));

    internal Task<V1ConfigMap> ReplaceAsync(string space, V1ConfigMap item, CancellationToken token) =>
        BodyAsync(client.CoreV1.ReplaceNamespacedConfigMapWithHttpMessagesAsync(item, item.Metadata.Name, space, cancellationToken: token));

    internal Task<V1ConfigMap> PatchAsync(string space, string name, V1Patch patch, CancellationToken token, string? manager = null) =>
        BodyAsync(client.CoreV1.PatchNamespacedConfigMapWithHttpMessagesAsync(patch, name, space, fieldManager: manager, cancellationToken: token));

    internal Task<V1Status> DeleteAsync(string space, string name, V1Preconditions? preconditions, CancellationToken token) =>
        BodyAsync(client.CoreV1.DeleteNamespacedConfigMapWithHttpMessagesAsync(
            name, space, preconditions is null ? null : new V1DeleteOptions { Preconditions = preconditions }, cancellationToken: token));

    /// <summary>Sends text and reads JSON; nothing between here and the server knows what they mean.</summary>
    internal async Task<JsonObject> SendAsync(
        HttpMethod method, string path, CancellationToken token, string? body = null, string contentType = Json, string accept = Json)
    {
        using var response = await OpenAsync(method, path, body, contentType, accept, HttpCompletionOption.ResponseContentRead, token);
        return JsonNode.Parse(await response.Content.ReadAsStringAsync(token))!.AsObject();
    }

    /// <summary>Opens a watch; it is open when this returns. The token ends the reading too.</summary>
    internal async Task<WatchReader> WatchAsync(string path, CancellationToken token, string accept = Json)
    {
        var response = await OpenAsync(HttpMethod.Get, path, null, Json, accept, HttpCompletionOption.ResponseHeadersRead, token);
        return new WatchReader(response, new StreamReader(await response.Content.ReadAsStreamAsync(token)), token);
    }

    public void Dispose() => client.Dispose();

    private async Task<HttpResponseMessage> OpenAsync(
        HttpMethod method, string path, string? body, string contentType, string accept, HttpCompletionOption completion, CancellationToken token)
    {
        using var request = new HttpRequestMessage(method, client.BaseUri.GetLeftPart(UriPartial.Authority) + path)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
        request.Headers.TryAddWithoutValidation("Accept", accept);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        }

        if (client.Credentials is { } credentials)
        {
            await credentials.ProcessHttpRequestAsync(request, token);
        }

        var response = await client.HttpClient.SendAsync(request, completion, token);
        if (response.IsSuccessStatusCode)
        {
            return response;
        }

        using (response)
        {
            throw new ApiServerRefusal(response.StatusCode, await response.Content.ReadAsStringAsync(token));
        }
    }

    private static async Task<T> BodyAsync<T>(Task<HttpOperationResponse<T>> call)
    {
        try
        {
            using var response = await call;
            return response.Body;
        }
        catch (HttpOperationException exception)
        {
            throw new ApiServerRefusal(exception.Response.StatusCode, exception.Response.Content, exception);
        }
    }
}
