using System.Net;
using System.Text.Json.Nodes;
using Flink.Kubernetes.HA.Testing;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace Flink.Kubernetes.HA.Tests.Testing;

/// <summary>An in-memory server on simulated time, and short ways to use it through the official client.</summary>
public abstract class InMemoryCluster : IDisposable
{
    protected const string Space = "default";

    protected InMemoryCluster()
    {
        Server = new InMemoryApiServer(Time);
        Client = Server.CreateClient();
    }

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    protected ManualTimeProvider Time { get; } = new();

    protected InMemoryApiServer Server { get; }

    protected k8s.Kubernetes Client { get; }

    public virtual void Dispose()
    {
        Client.Dispose();
        Server.Dispose();
        GC.SuppressFinalize(this);
    }

    protected static V1ConfigMap NewMap(string? name = "a", params (string Key, string Value)[] data) => new()
    {
        Metadata = new V1ObjectMeta { Name = name },
        Data = data.Length == 0 ? null : data.ToDictionary(d => d.Key, d => d.Value),
    };

    /// <summary>The HTTP status and the server's reason of a refusal.</summary>
    protected static async Task<(HttpStatusCode Status, string? Reason)> RefusalOfAsync(Func<Task> action)
    {
        var (status, body) = await AnswerOfAsync(action);
        return (status, (string?)body["reason"]);
    }

    protected static async Task<(HttpStatusCode Status, JsonNode Body)> AnswerOfAsync(Func<Task> action)
    {
        var exception = (await action.Should().ThrowAsync<HttpOperationException>()).Which;
        return (exception.Response.StatusCode, JsonNode.Parse(exception.Response.Content)!);
    }

    protected Task<V1ConfigMap> CreateAsync(V1ConfigMap map, k8s.Kubernetes? client = null) =>
        (client ?? Client).CoreV1.CreateNamespacedConfigMapAsync(map, Space, cancellationToken: Cancellation);

    protected Task<V1ConfigMap> ReadAsync(string name = "a") => Client.CoreV1.ReadNamespacedConfigMapAsync(name, Space, cancellationToken: Cancellation);

    /// <summary>Sends operations of a JSON Patch, as they are written.</summary>
    protected Task<V1ConfigMap> PatchAsync(params string[] operations) =>
        Client.CoreV1.PatchNamespacedConfigMapAsync(new V1Patch($"[{string.Join(',', operations)}]", V1Patch.PatchType.JsonPatch), "a", Space, cancellationToken: Cancellation);

    protected Task<V1ConfigMap> MergeAsync(string patch) =>
        Client.CoreV1.PatchNamespacedConfigMapAsync(new V1Patch(patch, V1Patch.PatchType.MergePatch), "a", Space, cancellationToken: Cancellation);

    protected async Task<IEnumerable<string>> NamesAsync() =>
        (await Client.CoreV1.ListNamespacedConfigMapAsync(Space, cancellationToken: Cancellation)).Items.Select(item => item.Metadata.Name);

    /// <summary>Opens a watch of the ConfigMaps and reads it as it comes.</summary>
    protected Task<WatchLines> WatchAsync(string query = "", k8s.Kubernetes? client = null, string? accept = null) =>
        WatchLines.OpenAsync((client ?? Client).HttpClient, new Uri($"{(client ?? Client).BaseUri}api/v1/namespaces/{Space}/configmaps?watch=true{query}"), accept);

    /// <summary>Lets everything that is under way come to rest.</summary>
    protected Task SettleAsync() => Time.AdvanceAsync(TimeSpan.Zero, cancellationToken: Cancellation);

    protected Task AdvanceAsync(double seconds) => Time.AdvanceAsync(TimeSpan.FromSeconds(seconds), cancellationToken: Cancellation);
}
