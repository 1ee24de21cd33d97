using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.KubeClient.Http;

namespace Flink.Kubernetes.HA.Tests.ApiServer;

/// <summary>Plain REST for what the seam does not know: namespaces, roles, service accounts.</summary>
internal sealed class ApiServerRest(KubeConnection connection) : IDisposable
{
    private readonly HttpClient _client = new(SocketsHandlers.Create(connection, new KubeClientOptions())) { BaseAddress = connection.Server };

    internal Uri Server => connection.Server;

    internal string? CertificateAuthorities =>
        connection.Tls.CertificateAuthorities is { Count: > 0 } authorities ? authorities.ExportCertificatePems() : null;

    internal ValueTask<string?> GetTokenAsync(CancellationToken cancellationToken) => connection.Credential.GetTokenAsync(refresh: false, cancellationToken);

    internal async Task<JsonObject> PostAsync(string path, JsonObject body, CancellationToken cancellationToken)
    {
        using var answer = await SendAsync(HttpMethod.Post, path, body, cancellationToken);
        return (await ReadAsync(answer, path, cancellationToken))!;
    }

    internal async Task<bool> ExistsAsync(string path, CancellationToken cancellationToken)
    {
        using var answer = await SendAsync(HttpMethod.Get, path, body: null, cancellationToken);
        return answer.StatusCode != HttpStatusCode.NotFound;
    }

    internal async Task DeleteAsync(string path, CancellationToken cancellationToken)
    {
        using var answer = await SendAsync(HttpMethod.Delete, path, body: null, cancellationToken);
        await ReadAsync(answer, path, cancellationToken);
    }

    public void Dispose()
    {
        _client.Dispose();
        connection.Dispose();
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, JsonObject? body, CancellationToken cancellationToken)
    {
        var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        if (await GetTokenAsync(cancellationToken) is { } token)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        return await _client.SendAsync(request, cancellationToken);
    }

    private static async Task<JsonObject?> ReadAsync(HttpResponseMessage answer, string path, CancellationToken cancellationToken)
    {
        var text = await answer.Content.ReadAsStringAsync(cancellationToken);
        return answer.IsSuccessStatusCode
            ? JsonNode.Parse(text) as JsonObject
            : throw new InvalidOperationException($"{answer.RequestMessage?.Method} {path} was answered with {(int)answer.StatusCode}: {text}");
    }
}
