using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using k8s.Models;

namespace Flink.Kubernetes.HA.TestInfrastructure.ApiServerSuite;

/// <summary>
/// What every API server does that this library is run against. The cases were made on real ones: where the in-memory server
/// differs from them, it is wrong. A case has a namespace and a client of its own, and one minute.
/// </summary>
public abstract class ApiServerTests : IAsyncLifetime
{
    private readonly CancellationTokenSource _limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
    private ApiServerUnderTest? _server;
    private ApiServerClient? _client;

    private protected ApiServerUnderTest Server => _server!;

    private protected ApiServerClient Client => _client!;

    private protected string Namespace { get; private set; } = string.Empty;

    private protected CancellationToken Token => _limit.Token;

    /// <summary>ConfigMaps as JSON, where the models of the official client say too little.</summary>
    private protected RawRequests Raw => RawOf(ResourceKind.ConfigMap);

    /// <summary>The server to run on; it is disposed after the case.</summary>
    protected abstract Task<ApiServerUnderTest> StartAsync(CancellationToken cancellationToken);

    public async ValueTask InitializeAsync()
    {
        _limit.CancelAfter(TimeSpan.FromMinutes(1));
        _server = await StartAsync(Token);
        _client = new ApiServerClient(_server.CreateClient());
        Namespace = await _server.CreateNamespaceAsync(Token);
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        _client?.Dispose();
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        _limit.Dispose();
    }

    private protected RawRequests RawOf(ResourceKind kind) => new(Client, kind, Namespace, Token);

    private protected V1ConfigMap NewConfigMap(string name, params (string Key, string Value)[] data) => new()
    {
        Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = Namespace },
        Data = data.Length == 0 ? null : Map(data),
    };

    private protected Task<V1ConfigMap> CreateAsync(string name, params (string Key, string Value)[] data) => CreateAsync(NewConfigMap(name, data));

    private protected Task<V1ConfigMap> CreateAsync(V1ConfigMap item) => Client.CreateAsync(item.Metadata.NamespaceProperty, item, Token);

    private protected Task<V1ConfigMap> CreateLabelledAsync(string name, params (string Key, string Value)[] labels)
    {
        var item = NewConfigMap(name, ("k", name));
        item.Metadata.Labels = Map(labels);
        return CreateAsync(item);
    }

    private protected Task<V1ConfigMap> GetAsync(string name) => Client.GetAsync(Namespace, name, Token);

    private protected Task<V1ConfigMapList> ListAsync(ListQuery? query = null) => Client.ListAsync(Namespace, query, Token);

    private protected Task<V1ConfigMap> ReplaceAsync(V1ConfigMap item) => Client.ReplaceAsync(Namespace, item, Token);

    private protected Task<V1ConfigMap> PatchAsync(string name, params string[] operations) =>
        Client.PatchAsync(Namespace, name, new V1Patch(Patch(operations), V1Patch.PatchType.JsonPatch), Token);

    private protected Task<V1ConfigMap> MergeAsync(string name, string patch) =>
        Client.PatchAsync(Namespace, name, new V1Patch(patch, V1Patch.PatchType.MergePatch), Token);

    private protected Task<V1ConfigMap> SetAsync(string name, string key, string value) =>
        MergeAsync(name, new JsonObject { ["data"] = Texts((key, value)) }.Text());

    /// <summary>Sets <c>data.k</c> of <c>a</c> on condition that the version is the current one.</summary>
    private protected Task<V1ConfigMap> SetFromAsync(string version, string value) =>
        MergeAsync("a", $$$"""{"metadata":{"resourceVersion":"{{{version}}}"},"data":{"k":"{{{value}}}"}}""");

    private protected Task<V1ConfigMap> LabelAsync(string name, string value) =>
        MergeAsync(name, $$$$"""{"metadata":{"labels":{"app":"{{{{value}}}}"}}}""");

    private protected Task<V1Status> DeleteAsync(string name, string? uid = null, string? version = null) =>
        Client.DeleteAsync(Namespace, name, (uid ?? version) is null ? null : new V1Preconditions { Uid = uid, ResourceVersion = version }, Token);

    private protected Task<WatchReader> WatchAsync(WatchQuery? query = null) => Raw.WatchAsync(query);

    /// <summary>Opens a watch and reads until these have come; nothing else may come before them.</summary>
    private protected async Task<IReadOnlyList<ServerEvent>> EventsAsync(WatchQuery query, params string[] expected)
    {
        using var watch = await WatchAsync(query);
        var events = await watch.TakeAsync(expected.Length);
        events.Select(e => $"{e.Type} {e.Name}").Should().Equal(expected);
        return events;
    }

    /// <summary>The version of the collection now: a watch from it sees every later change.</summary>
    private protected async Task<string> CurrentVersionAsync()
    {
        var list = await ListAsync();
        list.Metadata.ResourceVersion.Should().NotBeNullOrEmpty();
        return list.Metadata.ResourceVersion;
    }

    private protected async Task UnchangedAsync(V1ConfigMap expected)
    {
        var actual = await GetAsync(expected.Metadata.Name);
        actual.Metadata.ResourceVersion.Should().Be(expected.Metadata.ResourceVersion, "a refused write changes nothing");
        actual.Data.Should().BeEquivalentTo(expected.Data);
    }

    private protected static async Task<ApiServerRefusal> RefusedAsync(
        Refusal expected, Func<Task> call, [CallerArgumentExpression(nameof(call))] string what = "")
    {
        var refusal = (await call.Should().ThrowAsync<ApiServerRefusal>("the server must refuse {0}", what)).Which;
        refusal.Kind.Should().Be(expected, "this is the answer to {0}: {1}", what, refusal.Message);
        return refusal;
    }

    /// <summary>A refused write leaves the object exactly as it was.</summary>
    private protected async Task RefusedAsync(
        Refusal expected, V1ConfigMap unchanged, Func<Task> call, [CallerArgumentExpression(nameof(call))] string what = "")
    {
        await RefusedAsync(expected, call, what);
        await UnchangedAsync(unchanged);
    }

    private protected static Dictionary<string, string> Map(params (string Key, string Value)[] entries) =>
        entries.ToDictionary(e => e.Key, e => e.Value, StringComparer.Ordinal);

    /// <summary>JSON with double quotation marks for the single ones of a row of a theory.</summary>
    [return: NotNullIfNotNull(nameof(json))]
    private protected static string? Quoted(string? json) => json?.Replace('\'', '"');

    private protected static string Test(string path, JsonNode? value) => Operation("test", path, value);

    private protected static string Add(string path, JsonNode? value) => Operation("add", path, value);

    private protected static string Replace(string path, JsonNode? value) => Operation("replace", path, value);

    private protected static string Remove(string path) => $$"""{"op":"remove","path":"{{path}}"}""";

    private protected static string Patch(params string[] operations) => $"[{string.Join(',', operations)}]";

    /// <summary>An object of texts; a null removes the key when it is merged.</summary>
    private protected static JsonObject Texts(params (string Key, string? Value)[] entries) =>
        new(entries.Select(e => KeyValuePair.Create<string, JsonNode?>(e.Key, e.Value)));

    private static string Operation(string op, string path, JsonNode? value) =>
        $$"""{"op":"{{op}}","path":"{{path}}","value":{{value?.Text() ?? "null"}}}""";
}
