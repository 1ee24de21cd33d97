using Flink.Kubernetes.HA.KubeClient.Authentication;
using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.KubeClient;

/// <summary>Where an API server is, how to trust it, and how to prove who we are.</summary>
/// <remarks>The client that a connection is given to owns it from then on and disposes it: make one for each client.</remarks>
public sealed class KubeConnection : IDisposable
{
    internal KubeConnection(Uri server, string namespaceName, TlsSettings tls, Uri? proxy, KubeCredential credential) =>
        (Server, Namespace, Tls, Proxy, Credential) = (server, namespaceName, tls, proxy, credential);

    /// <summary>The address of the API server; it may have a path.</summary>
    public Uri Server { get; }

    /// <summary>The namespace of the kubeconfig's context or of the pod; <c>default</c> where none is named.</summary>
    public string Namespace { get; }

    internal TlsSettings Tls { get; }

    internal Uri? Proxy { get; }

    internal KubeCredential Credential { get; }

    /// <summary>The connection that a pod has: the <c>KUBERNETES_SERVICE_*</c> variables and the files of its service account.</summary>
    /// <remarks>The token file is read again as it rotates. The namespace is <c>POD_NAMESPACE</c> where that is set, else the service account's.</remarks>
    /// <param name="timeProvider">The clock for reading rotating files again; the system's by default.</param>
    /// <param name="loggerFactory">Where to log; nowhere by default.</param>
    /// <exception cref="KubeConfigException">The process does not run in a pod with a service account token.</exception>
    public static KubeConnection InCluster(TimeProvider? timeProvider = null, ILoggerFactory? loggerFactory = null) =>
        InClusterConfig.Connect(AuthenticationEnvironment.Create(timeProvider, loggerFactory));

    /// <summary>The connection that a kubeconfig describes.</summary>
    /// <param name="path">The file; without it the files of <c>KUBECONFIG</c>, merged as kubectl does, or else <c>~/.kube/config</c>.</param>
    /// <param name="context">The context; without it the file's <c>current-context</c>.</param>
    /// <param name="timeProvider">The clock for reading rotating files again and for the expiry of exec credentials; the system's by default.</param>
    /// <param name="loggerFactory">Where to log; nowhere by default.</param>
    /// <exception cref="KubeConfigException">There is no such file or context, or something in it is wrong or not supported.</exception>
    public static KubeConnection FromKubeConfig(string? path = null, string? context = null, TimeProvider? timeProvider = null, ILoggerFactory? loggerFactory = null) =>
        FromKubeConfig(path, context, AuthenticationEnvironment.Create(timeProvider, loggerFactory));

    /// <summary>The connection that kubectl would take: <c>KUBECONFIG</c> or <c>~/.kube/config</c> where there is one, else the pod's.</summary>
    /// <remarks>A kubeconfig that is there but broken is an error: it is not passed over.</remarks>
    /// <param name="timeProvider">The clock for reading rotating files again and for the expiry of exec credentials; the system's by default.</param>
    /// <param name="loggerFactory">Where to log; nowhere by default.</param>
    /// <exception cref="KubeConfigException">There is neither, or what there is has errors.</exception>
    public static KubeConnection Default(TimeProvider? timeProvider = null, ILoggerFactory? loggerFactory = null) =>
        Default(AuthenticationEnvironment.Create(timeProvider, loggerFactory));

    /// <summary>Ends a running exec plugin and lets go of the client certificate.</summary>
    public void Dispose() => Credential.Dispose();

    internal static KubeConnection FromKubeConfig(string? path, string? context, AuthenticationEnvironment environment)
    {
        var sources = path is null ? KubeConfigSources.Find(environment) : KubeConfigSources.Explicit(path);
        var config = KubeConfig.Load(sources);
        return config.Files.Count > 0
            ? KubeConfigConnection.Create(config, context, environment)
            : throw new KubeConfigException($"No kubeconfig: {sources.WhatIsMissing}. Name an existing file, or set KUBECONFIG to one.");
    }

    internal static KubeConnection Default(AuthenticationEnvironment environment)
    {
        var sources = KubeConfigSources.Find(environment);
        var config = KubeConfig.Load(sources);
        if (!config.IsEmpty)
        {
            return KubeConfigConnection.Create(config, contextName: null, environment);
        }

        if (InClusterConfig.WhatIsMissing(environment) is not { } missingInCluster)
        {
            return InClusterConfig.Connect(environment);
        }

        var kubeConfig = config.Files.Count > 0 ? $"{string.Join(", ", config.Files)} names no cluster" : sources.WhatIsMissing;
        throw new KubeConfigException(
            $"No way to a Kubernetes API server is configured. Tried a kubeconfig: {kubeConfig}. Tried the pod's service account: {missingInCluster}. " +
            "Set KUBECONFIG to a kubeconfig file, or run in a pod whose service account token is mounted.");
    }
}
