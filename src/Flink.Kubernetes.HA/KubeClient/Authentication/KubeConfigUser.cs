using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Flink.Kubernetes.HA.KubeClient.Authentication;

/// <summary>Makes the credential that a user of a kubeconfig describes.</summary>
internal static class KubeConfigUser
{
    private static readonly (string Key, string Advice)[] NotSupported =
    [
        ("auth-provider", "is not supported: Kubernetes has removed it. Use an exec plugin, such as gke-gcloud-auth-plugin or kubelogin."),
        ("username", "is not supported: API servers since 1.19 do not take passwords. Use a token, a client certificate or an exec plugin."),
        ("password", "is not supported: API servers since 1.19 do not take passwords. Use a token, a client certificate or an exec plugin."),
        ("as", "is not supported. Use the credential of the user that is meant."),
        ("as-uid", "is not supported. Use the credential of the user that is meant."),
        ("as-groups", "is not supported. Use the credential of the user that is meant."),
        ("as-user-extra", "is not supported. Use the credential of the user that is meant."),
    ];

    public static KubeCredential Read(YamlMapping user, KubeConfigCluster cluster, AuthenticationEnvironment environment)
    {
        foreach (var (key, advice) in NotSupported)
        {
            if (user.Has(key))
            {
                throw user.Error(key, advice);
            }
        }

        var fixedToken = user.Text("token") is { } text ? ConfigText.BearerToken(text, $"{user.Origin}.token") : null;
        var tokenPath = user.FilePath("tokenFile");
        var hasCertificate = user.Text("client-certificate-data") is not null || user.Text("client-certificate") is not null;
        var exec = user.Mapping("exec");
        RefuseToSendInTheClear(user, cluster.Server, hasCertificate, hasToken: fixedToken is not null || tokenPath is not null || exec is not null);

        // As client-go does: a plugin is not asked where there is another credential.
        if (exec is not null && fixedToken is null && tokenPath is null && !hasCertificate)
        {
            var plugin = new ExecPlugin(ExecPluginSettings.Read(exec, cluster), environment);
            return new ExecCredential(plugin.RunAsync, environment);
        }

        // Both token and file: the file wins, and the token is for the time until the file can be read.
        var token = tokenPath is null ? null : FileCredential.TokenFile(tokenPath, $"{user.Origin}.tokenFile", fixedToken, environment);
        return new FileCredential(fixedToken, token, ReadCertificate(user, hasCertificate, environment));
    }

    private static Reloading<X509Certificate2>? ReadCertificate(YamlMapping user, bool hasCertificate, AuthenticationEnvironment environment)
    {
        var hasKey = user.Text("client-key-data") is not null || user.Text("client-key") is not null;
        if (hasCertificate != hasKey)
        {
            throw hasCertificate
                ? user.Error("client-key-data", "is missing: the user has a client certificate without its private key. Add client-key-data or client-key.")
                : user.Error("client-certificate-data", "is missing: the user has a private key without its certificate. Add client-certificate-data or client-certificate.");
        }

        return hasCertificate
            ? FileCredential.CertificateFiles(Pem(user, "client-certificate"), Pem(user, "client-key"), user.Origin, environment)
            : null;
    }

    // Data wins over the file.
    private static Func<string> Pem(YamlMapping user, string key)
    {
        if (user.Data($"{key}-data") is { } data)
        {
            var pem = Encoding.UTF8.GetString(data);
            return () => pem;
        }

        var path = user.FilePath(key)!;
        return () => ConfigText.ReadFile(path, $"{user.Origin}.{key}");
    }

    private static void RefuseToSendInTheClear(YamlMapping user, Uri server, bool hasCertificate, bool hasToken)
    {
        if (server.Scheme == Uri.UriSchemeHttps)
        {
            return;
        }

        if (hasCertificate)
        {
            throw new KubeConfigException($"{user.Origin}: a client certificate needs TLS, and the server is {server}. Change the server to https.");
        }

        if (hasToken && !server.IsLoopback)
        {
            throw new KubeConfigException($"{user.Origin}: the token would travel in the clear to {server}. Change the server to https.");
        }
    }
}
