using Flink.Kubernetes.HA.KubeClient;

namespace Flink.Kubernetes.HA.Testing.Conformance;

/// <summary>One run of one case: the client, an empty namespace, and short ways to make objects in it.</summary>
internal sealed class ConformanceRun(KubeClientHarness harness, IKubeClient client, string namespaceName, CancellationToken cancellationToken)
{
    internal KubeClientHarness Harness { get; } = harness;

    internal IKubeClient Client { get; } = client;

    internal string Namespace { get; } = namespaceName;

    internal CancellationToken Token { get; } = cancellationToken;

    internal ObjectKey Key(string name) => new(Namespace, name);

    internal ConfigMap NewConfigMap(string name, params ReadOnlySpan<(string Key, string Value)> data)
    {
        var entries = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in data)
        {
            entries.Add(key, value);
        }

        return new ConfigMap { Metadata = new ObjectMeta { Name = name, Namespace = Namespace }, Data = entries.Count == 0 ? null : entries };
    }

    internal Task<ConfigMap> CreateAsync(string name, params ReadOnlySpan<(string Key, string Value)> data) => CreateAsync(NewConfigMap(name, data));

    internal Task<ConfigMap> CreateAsync(ConfigMap item) => Client.CreateAsync(KubeResources.ConfigMaps, item, Token);

    internal Task<ConfigMap> CreateLabelledAsync(string name, params ReadOnlySpan<(string Key, string Value)> labels)
    {
        var item = NewConfigMap(name, ("k", name));
        return CreateAsync(item with { Metadata = item.Metadata with { Labels = Map(labels) } });
    }

    internal Task<ConfigMap> GetAsync(string name) => Client.GetAsync(KubeResources.ConfigMaps, Key(name), Token);

    internal Task<ConfigMap> ReplaceAsync(ConfigMap item) => Client.ReplaceAsync(KubeResources.ConfigMaps, item, Token);

    internal Task<ConfigMap> PatchAsync(string name, KubePatch patch) => Client.PatchAsync(KubeResources.ConfigMaps, Key(name), patch, Token);

    internal Task<ConfigMap> SetAsync(string name, string key, string value) =>
        PatchAsync(name, KubePatch.Merge(new() { ["data"] = new System.Text.Json.Nodes.JsonObject { [key] = value } }));

    internal Task DeleteAsync(string name, DeletePreconditions? preconditions = null) =>
        Client.DeleteAsync(KubeResources.ConfigMaps, Key(name), preconditions, Token);

    internal Task<KubeList<ConfigMap>> ListAsync(ListOptions? options = null) =>
        Client.ListAsync(KubeResources.ConfigMaps, Namespace, options, Token);

    /// <summary>The version of the collection now: a watch from it sees every later change.</summary>
    internal async Task<string> CurrentVersionAsync()
    {
        var list = await ListAsync().ConfigureAwait(false);
        return Check.NotEmpty(list.ResourceVersion, "the list's resourceVersion");
    }

    internal WatchReader<ConfigMap> Watch(WatchOptions? options = null) => Watch(KubeResources.ConfigMaps, options);

    internal WatchReader<T> Watch<T>(KubeResource<T> resource, WatchOptions? options = null)
        where T : KubeObject =>
        new(Client.WatchAsync(resource, Namespace, options, Token).GetAsyncEnumerator(Token));

    /// <summary>A refused write must leave the object exactly as it was.</summary>
    internal async Task UnchangedAsync(ConfigMap expected)
    {
        var actual = await GetAsync(expected.Metadata.Name!).ConfigureAwait(false);
        Check.Equal(expected.Metadata.ResourceVersion, actual.Metadata.ResourceVersion, "the resourceVersion after a refused write");
        Check.SameEntries(expected.Data, actual.Data, "the data after a refused write");
    }

    internal static Dictionary<string, string> Map(params ReadOnlySpan<(string Key, string Value)> entries)
    {
        var map = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in entries)
        {
            map.Add(key, value);
        }

        return map;
    }
}
