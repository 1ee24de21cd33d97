using System.Security.Cryptography.X509Certificates;
using k8s;

namespace Flink.Kubernetes.HA.Connection;

/// <summary>The connection that Kubernetes gives to every pod with a service account.</summary>
internal static class ServiceAccount
{
    private const string HostVariable = "KUBERNETES_SERVICE_HOST";
    private const string PortVariable = "KUBERNETES_SERVICE_PORT";
    private const string NamespaceVariable = "POD_NAMESPACE";
    private const string Origin = "the pod's service account";

    public static NamedFile Token(ConnectionEnvironment environment) => FileOf("token", environment);

    /// <summary>What keeps this process from being in a pod, or <see langword="null"/>.</summary>
    public static string? WhatIsMissing(ConnectionEnvironment environment)
    {
        string[] unset = [.. new[] { HostVariable, PortVariable }.Where(v => environment.FirstSet(v) is null)];
        var token = Token(environment).Path;
        return unset.Length > 0 ? $"{string.Join(" and ", unset)} not set"
            : !File.Exists(token) ? $"no file {token}"
            : null;
    }

    public static ApiServerConfiguration Read(ConnectionEnvironment environment)
    {
        var configuration = new ApiServerConfiguration
        {
            Host = Server(environment).AbsoluteUri,
            Namespace = Namespace(environment),
            Origin = Origin,
            TokenFile = Token(environment),
        };
        var authorities = FileOf("ca.crt", environment);
        if (File.Exists(authorities.Path))
        {
            configuration.AuthorityFile = authorities;
            configuration.SslCaCerts = PemCertificates.ReadAll(authorities.ReadText(), authorities.Description);
        }
        else
        {
            // As client-go does: a cluster whose API server has a certificate of a public authority needs no file.
            ConnectionLog.ServiceAccountAuthorityMissing(environment.Logger, authorities.Path);
        }

        return configuration;
    }

    /// <summary>The file of a pod's authorities, where a configuration that the official client has loaded has its certificates from there.</summary>
    public static NamedFile? AuthorityOf(KubernetesClientConfiguration configuration, ConnectionEnvironment environment)
    {
        var file = FileOf("ca.crt", environment);
        return configuration is not ApiServerConfiguration && configuration.SslCaCerts is { } given && File.Exists(file.Path)
            && Thumbprints(PemCertificates.ReadAll(file.ReadText(), file.Description)).SequenceEqual(Thumbprints(given))
            ? file
            : null;
    }

    private static IEnumerable<string> Thumbprints(X509Certificate2Collection certificates) => certificates.Select(c => c.Thumbprint).Order();

    private static NamedFile FileOf(string name, ConnectionEnvironment environment) => new(Path.Combine(environment.ServiceAccountDirectory, name), Origin);

    private static Uri Server(ConnectionEnvironment environment)
    {
        var host = environment.Variable(HostVariable)!;
        var port = environment.Variable(PortVariable)!;
        var bracketed = host.Contains(':', StringComparison.Ordinal) && host[0] != '[' ? $"[{host}]" : host;
        return Uri.TryCreate($"https://{bracketed}:{port}/", UriKind.Absolute, out var server) && server.AbsolutePath == "/" && server.UserInfo.Length == 0
            ? server
            : throw ConfigurationError.Create(
                $"{HostVariable}='{host}' and {PortVariable}='{port}' do not make an address. Kubernetes sets both; does something override them?");
    }

    private static string Namespace(ConnectionEnvironment environment)
    {
        if (environment.FirstSet(NamespaceVariable) is { } podNamespace)
        {
            return NamespaceName.Check(podNamespace, NamespaceVariable);
        }

        var file = FileOf("namespace", environment);
        var name = File.Exists(file.Path) ? file.ReadText().Trim() : string.Empty;
        return name.Length == 0 ? NamespaceName.Default : NamespaceName.Check(name, file.Path);
    }
}
