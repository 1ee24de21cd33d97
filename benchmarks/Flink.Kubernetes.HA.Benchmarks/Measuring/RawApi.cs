using System.Net.Http.Headers;
using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using k8s;

namespace Flink.Kubernetes.HA.Benchmarks.Measuring;

/// <summary>The API server without any client library: what costs least, to measure the others against. Has connections of its own.</summary>
internal sealed class RawApi : IDisposable
{
    public const string ConfigMaps = "/api/v1/namespaces/default/configmaps";
    public const string Leases = "/apis/coordination.k8s.io/v1/namespaces/default/leases";
    private const string LockAnnotation = "control-plane.alpha.kubernetes.io/leader";

    private readonly HttpClient _http;

    public RawApi(string kubeConfig)
    {
        var configuration = KubernetesClientConfiguration.BuildConfigFromConfigFile(kubeConfig);
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.AddRange(configuration.SslCaCerts);
        _http = new HttpClient(new SocketsHttpHandler { SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = policy } })
        {
            BaseAddress = new Uri(configuration.Host),
            Timeout = TimeSpan.FromMinutes(2),
        };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", configuration.AccessToken);
    }

    public Uri Address => _http.BaseAddress!;

    public async Task<(int Status, JsonNode Body)> CallAsync(HttpMethod method, string path, JsonNode? body = null, string kind = "application/json")
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : new StringContent(body.ToJsonString(), Encoding.UTF8, kind) };
        using var response = await _http.SendAsync(request);
        return ((int)response.StatusCode, JsonNode.Parse(await response.Content.ReadAsByteArrayAsync())!);
    }

    public Task CreateAsync(string name, string key, string value) => CallAsync(
        HttpMethod.Post, ConfigMaps, new JsonObject { ["metadata"] = new JsonObject { ["name"] = name }, ["data"] = new JsonObject { [key] = value } });

    /// <summary>One conditional write: sets the entry if it is the old one, and returns whether it was.</summary>
    public async Task<bool> SwapAsync(string name, string key, string old, string value)
    {
        var patch = new JsonArray(
            new JsonObject { ["op"] = "test", ["path"] = $"/data/{key}", ["value"] = old },
            new JsonObject { ["op"] = "replace", ["path"] = $"/data/{key}", ["value"] = value });
        var (status, body) = await CallAsync(HttpMethod.Patch, $"{ConfigMaps}/{name}", patch, "application/json-patch+json");
        return status is 200 or 422 ? status == 200 : throw new HttpRequestException($"PATCH {name}: {status} {body["message"]}");
    }

    /// <summary>Yields each state of an object from now on, with the moment at which it was read; begins again when the connection fails.</summary>
    public async IAsyncEnumerable<(double At, JsonNode Object)> WatchAsync(string path, string name, bool metadataOnly, [EnumeratorCancellation] CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            using var lines = await OpenAsync(path, name, metadataOnly, stop);
            while (lines is not null && await ReadAsync(lines, stop) is { } line)
            {
                yield return (Clock.Now, JsonNode.Parse(line)!["object"]!);
            }

            await Task.Delay(50, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Who holds the lock in an object, whichever kind it is of; empty when nobody does.</summary>
    public static string HolderOf(JsonNode @object) =>
        (@object["spec"]?["holderIdentity"] ?? (@object["metadata"]?["annotations"]?[LockAnnotation] is { } record ? JsonNode.Parse(record.GetValue<string>())!["holderIdentity"] : null))
            ?.GetValue<string>() ?? string.Empty;

    public void Dispose() => _http.Dispose();

    private async Task<StreamReader?> OpenAsync(string path, string name, bool metadataOnly, CancellationToken stop)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"{path}?watch=true&fieldSelector=metadata.name%3D{name}");
            request.Headers.Add("Accept", metadataOnly ? "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1" : "application/json");
            var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop);
            return new StreamReader(await response.Content.ReadAsStreamAsync(stop));
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException)
        {
            return null;
        }
    }

    private static async Task<string?> ReadAsync(StreamReader lines, CancellationToken stop)
    {
        try
        {
            return await lines.ReadLineAsync(stop);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            return null;
        }
    }
}
