namespace Flink.Kubernetes.HA.KubeClient.Authentication;

/// <summary>Makes the connection that a context of a kubeconfig describes.</summary>
internal static class KubeConfigConnection
{
    public static KubeConnection Create(KubeConfig config, string? contextName, AuthenticationEnvironment environment)
    {
        var context = FindContext(config, contextName);
        var cluster = Find(config.Clusters, context, "cluster");
        var user = Find(config.Users, context, "user");
        var namespaceName = context.Text("namespace") is { } named ? ConfigText.Namespace(named, $"{context.Origin}.namespace") : "default";
        var settings = KubeConfigCluster.Read(cluster, environment);
        var credential = KubeConfigUser.Read(user, settings, environment);
        return new KubeConnection(settings.Server, namespaceName, settings.Tls, settings.Proxy, credential);
    }

    private static YamlMapping FindContext(KubeConfig config, string? contextName)
    {
        var files = string.Join(", ", config.Files);
        if ((contextName ?? config.CurrentContext) is not { } name)
        {
            throw new KubeConfigException($"kubeconfig {files}: there is no current-context. Name a context, or run 'kubectl config use-context'. {Known("Contexts", config.Contexts)}");
        }

        return config.Contexts.TryGetValue(name, out var context)
            ? context
            : throw new KubeConfigException(
                $"kubeconfig {files}: {(contextName is null ? "current-context is" : "you asked for the context")} '{name}', and there is no such context. {Known("Contexts", config.Contexts)}");
    }

    private static YamlMapping Find(IReadOnlyDictionary<string, YamlMapping> entries, YamlMapping context, string kind)
    {
        var name = context.RequiredText(kind);
        return entries.TryGetValue(name, out var entry)
            ? entry
            : throw context.Error(kind, $"is '{name}', and there is no such {kind}. {Known($"{char.ToUpperInvariant(kind[0])}{kind[1..]}s", entries)}");
    }

    private static string Known(string kind, IReadOnlyDictionary<string, YamlMapping> entries) =>
        entries.Count == 0 ? $"{kind}: none." : $"{kind}: {string.Join(", ", entries.Keys.Order(StringComparer.Ordinal))}.";
}
