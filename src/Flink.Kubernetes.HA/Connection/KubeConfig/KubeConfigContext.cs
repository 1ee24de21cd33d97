using Flink.Kubernetes.HA.Connection.Credentials;

namespace Flink.Kubernetes.HA.Connection.KubeConfig;

/// <summary>Makes the configuration that a context of a kubeconfig describes.</summary>
internal static class KubeConfigContext
{
    public static ApiServerConfiguration Read(KubeConfigFiles files, string? contextName, ConnectionEnvironment environment)
    {
        var context = FindContext(files, contextName);
        context.WarnOfOthersThan(environment.Logger, "cluster", "user", "namespace", "extensions");
        var configuration = new ApiServerConfiguration
        {
            Namespace = context.Text("namespace") is { } named ? NamespaceName.Check(named, $"{context.Origin}.namespace") : NamespaceName.Default,
        };
        var clusterName = context.RequiredText("cluster");
        var cluster = files.Clusters.GetValueOrDefault(clusterName)
            ?? throw context.Error("cluster", $"is '{clusterName}', and there is no such cluster. {Known("Clusters", files.Clusters)}");
        KubeConfigCluster.Read(cluster, configuration, environment);
        if (context.Text("user") is { } userName)
        {
            ReadUser(files, userName, cluster, configuration, environment);
        }

        return configuration;
    }

    // A user that is missing, by name or altogether, is anonymous for kubectl, which writes user: "" itself.
    private static void ReadUser(
        KubeConfigFiles files, string name, YamlMapping cluster, ApiServerConfiguration configuration, ConnectionEnvironment environment)
    {
        if (files.Users.TryGetValue(name, out var user))
        {
            KubeConfigUser.Read(user, cluster, configuration, environment);
        }
        else
        {
            ConnectionLog.UserMissing(environment.Logger, name);
        }
    }

    private static YamlMapping FindContext(KubeConfigFiles files, string? contextName)
    {
        if ((contextName ?? files.CurrentContext) is not { } name)
        {
            throw ConfigurationError.Create(
                $"kubeconfig {files.Names}: there is no current-context. Name a context, or run 'kubectl config use-context'. {Known("Contexts", files.Contexts)}");
        }

        var asked = contextName is null ? "current-context is" : "you asked for the context";
        return files.Contexts.TryGetValue(name, out var context)
            ? context
            : throw ConfigurationError.Create($"kubeconfig {files.Names}: {asked} '{name}', and there is no such context. {Known("Contexts", files.Contexts)}");
    }

    private static string Known(string kind, Dictionary<string, YamlMapping> entries) =>
        entries.Count == 0 ? $"{kind}: none." : $"{kind}: {string.Join(", ", entries.Keys.Order(StringComparer.Ordinal))}.";
}

/// <summary>Reads the credential that a user of a kubeconfig describes.</summary>
internal static class KubeConfigUser
{
    private const string Impersonation = "(impersonation) is not supported. Use the credential of the user that is meant.";
    private const string Password = "is not supported: API servers since 1.19 do not take passwords. Use a token, a client certificate or an exec plugin.";

    private static readonly (string Key, string Advice)[] NotSupported =
    [
        ("as", Impersonation), ("as-uid", Impersonation), ("as-groups", Impersonation), ("as-user-extra", Impersonation),
        ("username", Password), ("password", Password),
    ];

    public static void Read(YamlMapping user, YamlMapping cluster, ApiServerConfiguration configuration, ConnectionEnvironment environment)
    {
        foreach (var (key, advice) in NotSupported)
        {
            if (user.Has(key))
            {
                throw user.Error(key, advice);
            }
        }

        user.WarnOfOthersThan(
            environment.Logger,
            [
                "token", "tokenFile", "client-certificate", "client-certificate-data", "client-key", "client-key-data", "exec", "auth-provider", "extensions",
                .. NotSupported.Select(n => n.Key),
            ]);
        configuration.Origin = user.Origin;
        configuration.AccessToken = user.Text("token") is { } text ? BearerToken.Check(text, $"{user.Origin}.token") : null;
        configuration.TokenFile = user.FilePath("tokenFile") is { } path ? new NamedFile(path, $"{user.Origin}.tokenFile") : null;
        (configuration.ClientCertificateData, configuration.ClientCertificateFilePath) = DataOrFile(user, "client-certificate");
        (configuration.ClientCertificateKeyData, configuration.ClientKeyFilePath) = DataOrFile(user, "client-key");

        // As client-go does: neither a provider nor a plugin is asked where another credential overrides it.
        var hasToken = configuration.AccessToken is not null || configuration.TokenFile is not null;
        var hasCertificate = configuration.ClientCertificateData is not null || configuration.ClientCertificateFilePath is not null;
        if (user.Has("auth-provider") && !hasToken)
        {
            throw user.Error(
                "auth-provider", "is not supported: Kubernetes has removed most of them. Use an exec plugin, such as gke-gcloud-auth-plugin or kubelogin.");
        }

        if (user.Mapping("exec") is { } exec && !hasToken && !hasCertificate)
        {
            configuration.Exec = KubeConfigExec.Read(exec, cluster, configuration);
        }
    }

    // Data wins over the file.
    private static (string? Data, string? Path) DataOrFile(YamlMapping user, string key) =>
        user.Data($"{key}-data") is { } data ? (Convert.ToBase64String(data), null) : (null, user.FilePath(key));
}
