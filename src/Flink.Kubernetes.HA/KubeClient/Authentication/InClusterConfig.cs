using System.Security.Cryptography.X509Certificates;
using Flink.Kubernetes.HA.Diagnostics;

namespace Flink.Kubernetes.HA.KubeClient.Authentication;

/// <summary>The connection that Kubernetes gives to every pod with a service account.</summary>
internal static class InClusterConfig
{
    private const string HostVariable = "KUBERNETES_SERVICE_HOST";
    private const string PortVariable = "KUBERNETES_SERVICE_PORT";
    private const string NamespaceVariable = "POD_NAMESPACE";
    private const string Origin = "the pod's service account";

    /// <summary>What keeps this process from being in a pod, or <see langword="null"/>.</summary>
    public static string? WhatIsMissing(AuthenticationEnvironment environment)
    {
        string[] unset = [.. new[] { HostVariable, PortVariable }.Where(v => string.IsNullOrEmpty(environment.Variable(v)))];
        var token = TokenPath(environment);
        return unset.Length > 0 ? $"{string.Join(" and ", unset)} not set"
            : !File.Exists(token) ? $"no file {token}"
            : null;
    }

    public static KubeConnection Connect(AuthenticationEnvironment environment)
    {
        if (WhatIsMissing(environment) is { } missing)
        {
            throw new KubeConfigException(
                $"This process does not run in a pod with a service account: {missing}. " +
                "Run it in a pod that does not set automountServiceAccountToken: false, or use a kubeconfig.");
        }

        var token = FileCredential.TokenFile(TokenPath(environment), Origin, fallback: null, environment);
        return new KubeConnection(
            Server(environment),
            Namespace(environment),
            new TlsSettings { CertificateAuthorities = Authorities(environment) },
            proxy: null,
            new FileCredential(fixedToken: null, token));
    }

    private static string TokenPath(AuthenticationEnvironment environment) => Path.Combine(environment.ServiceAccountDirectory, "token");

    private static Uri Server(AuthenticationEnvironment environment)
    {
        var host = environment.Variable(HostVariable)!;
        var port = environment.Variable(PortVariable)!;
        var bracketed = host.Contains(':', StringComparison.Ordinal) && host[0] != '[' ? $"[{host}]" : host;
        return Uri.TryCreate($"https://{bracketed}:{port}/", UriKind.Absolute, out var server) && server.AbsolutePath == "/" && server.UserInfo.Length == 0
            ? server
            : throw new KubeConfigException($"{HostVariable}='{host}' and {PortVariable}='{port}' do not make an address. Kubernetes sets both; is something overriding them?");
    }

    // As client-go does: a cluster whose API server has a certificate of a public authority needs no file.
    private static X509Certificate2Collection? Authorities(AuthenticationEnvironment environment)
    {
        var path = Path.Combine(environment.ServiceAccountDirectory, "ca.crt");
        if (File.Exists(path))
        {
            return PemCertificates.ReadAuthorities(ConfigText.ReadFile(path, Origin), $"{Origin}: '{path}'");
        }

        Log.ServiceAccountAuthorityMissing(environment.Logger, path);
        return null;
    }

    private static string Namespace(AuthenticationEnvironment environment)
    {
        if (environment.Variable(NamespaceVariable) is { Length: > 0 } podNamespace)
        {
            return ConfigText.Namespace(podNamespace, NamespaceVariable);
        }

        var path = Path.Combine(environment.ServiceAccountDirectory, "namespace");
        var name = File.Exists(path) ? ConfigText.ReadFile(path, Origin).Trim() : string.Empty;
        return name.Length == 0 ? "default" : ConfigText.Namespace(name, path);
    }
}
