using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.KubeClient.Authentication;
using Flink.Kubernetes.HA.Testing;
using Xunit;

namespace Flink.Kubernetes.HA.Tests.KubeClient.Http;

/// <summary>Clients over a script or over real sockets.</summary>
internal static class HttpTestClient
{
    public const string ConfigMapJson = """{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a","namespace":"ns","resourceVersion":"7"},"data":{"k":"v"}}""";

    public static ObjectKey Key { get; } = new("ns", "a");

    public static ConfigMap Item { get; } = new() { Metadata = new() { Namespace = "ns", Name = "a" }, Data = new Dictionary<string, string> { ["k"] = "v" } };

    public static KubePatch Patch { get; } = KubePatch.Json(JsonPatchOperation.Add("/data/k", "v"));

    public static CancellationToken Token => TestContext.Current.CancellationToken;

    public static HttpKubeClient Over(
        ScriptedHandler handler,
        ManualTimeProvider? clock = null,
        KubeClientOptions? options = null,
        KubeCredential? credential = null,
        string server = "https://api.example",
        HaMetrics? metrics = null) =>
        new(new KubeConnection(new Uri(server), "ns", new TlsSettings(), null, credential ?? new StubCredential()), options, clock, null, metrics, handler);

    public static HttpKubeClient OverSockets(Uri server, KubeClientOptions? options = null) =>
        new(new KubeConnection(server, "ns", new TlsSettings(), null, new StubCredential()), options ?? new KubeClientOptions { RetryDelay = TimeSpan.FromMilliseconds(1) });

    /// <summary>Without retries: a failure is told as the first attempt left it.</summary>
    public static HttpKubeClient Once(ScriptedHandler handler) => Over(handler, options: new KubeClientOptions { MaxRetries = 0 });

    public static async Task<KubeClientException> FailureOf(Func<Task> call) => await Assert.ThrowsAsync<KubeClientException>(call);

    public static async Task<List<WatchEvent<T>>> ReadAll<T>(IAsyncEnumerable<WatchEvent<T>> watch)
        where T : KubeObject
    {
        var events = new List<WatchEvent<T>>();
        await foreach (var e in watch)
        {
            events.Add(e);
        }

        return events;
    }
}

internal sealed class StubCredential(params string[] tokens) : KubeCredential
{
    private int _refreshes;

    public int Refreshes => _refreshes;

    public override ValueTask<string?> GetTokenAsync(bool refresh, CancellationToken cancellationToken)
    {
        _refreshes += refresh ? 1 : 0;
        return ValueTask.FromResult(tokens.Length == 0 ? null : tokens[Math.Min(_refreshes, tokens.Length - 1)]);
    }
}

internal sealed class DelegateCredential(Func<CancellationToken, Task<string?>> read) : KubeCredential
{
    public override async ValueTask<string?> GetTokenAsync(bool refresh, CancellationToken cancellationToken) => await read(cancellationToken);
}
