using System.Buffers;
using Flink.Kubernetes.HA.Connection.Credentials;
using Flink.Kubernetes.HA.Connection.KubeConfig;
using k8s;

namespace Flink.Kubernetes.HA.Connection;

/// <summary>A configuration as kubectl finds it, with what the official one has no place for.</summary>
internal sealed class ApiServerConfiguration : KubernetesClientConfiguration
{
    public ApiServerConfiguration()
    {
        UserAgent = $"flink-kubernetes-ha/{typeof(ApiServerConfiguration).Assembly.GetName().Version?.ToString(3)}";
    }

    /// <summary>Who names the credential, for errors.</summary>
    public string Origin { get; set; } = "the configuration";

    /// <summary>Where the authorities are from, and can be read again.</summary>
    public NamedFile? AuthorityFile { get; set; }

    public NamedFile? TokenFile { get; set; }

    public ExecPluginSettings? Exec { get; set; }

    public ProxyChoice? Proxy { get; set; }

    /// <summary>Loads what kubectl would use: a kubeconfig where there is one, else the pod's service account.</summary>
    /// <remarks>A kubeconfig that is there but broken is an error: it is not passed over.</remarks>
    /// <param name="kubeConfigPath">The file; <see langword="null"/> for those of KUBECONFIG or else the one in the home directory.</param>
    /// <param name="context">The context of the kubeconfig; <see langword="null"/> for its current-context.</param>
    /// <param name="environment">The variables, folders, clock and log.</param>
    /// <exception cref="KubernetesHaException"><see cref="KubernetesFailure.Configuration"/>: there is none, or it has errors.</exception>
    public static ApiServerConfiguration Load(string? kubeConfigPath, string? context, ConnectionEnvironment environment)
    {
        var files = KubeConfigFiles.Load(kubeConfigPath, environment);
        if (!files.IsEmpty)
        {
            return KubeConfigContext.Read(files, context, environment);
        }

        if ((kubeConfigPath ?? context) is not null)
        {
            throw ConfigurationError.Create($"No kubeconfig: {files.WhatIsMissing}. Name an existing file, or set KUBECONFIG to one.");
        }

        return ServiceAccount.WhatIsMissing(environment) is not { } missing
            ? ServiceAccount.Read(environment)
            : throw ConfigurationError.Create(
                $"No way to a Kubernetes API server is configured. Tried a kubeconfig: {files.WhatIsMissing}. Tried the pod's service account: {missing}. "
                + "Set KUBECONFIG to a kubeconfig file, or run in a pod whose service account token is mounted.");
    }
}

internal static class NamespaceName
{
    public const string Default = "default";

    private const int Longest = 63;
    private static readonly SearchValues<char> Characters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-");

    /// <summary>The name without the white space around it; it becomes a part of paths.</summary>
    public static string Check(string text, string origin)
    {
        var name = text.Trim();
        return name.Length is > 0 and <= Longest && !name.AsSpan().ContainsAnyExcept(Characters) && name[0] != '-' && name[^1] != '-'
            ? name
            : throw ConfigurationError.Create($"{origin}: '{name}' is not the name of a namespace: 1 to 63 of a-z, 0-9 and -, neither first nor last a dash.");
    }
}

/// <summary>Creates the exception of what is wrong with the configuration; no text that is given here may have a secret in it.</summary>
internal static class ConfigurationError
{
    public static KubernetesHaException Create(string message, Exception? innerException = null) =>
        new(KubernetesFailure.Configuration, message, innerException);
}

/// <summary>A file, and who names it, for the errors.</summary>
internal sealed record NamedFile(string Path, string Origin)
{
    /// <summary>Both, for errors of what the file holds.</summary>
    public string Description => $"{Origin}: '{Path}'";

    public string ReadText()
    {
        try
        {
            return File.ReadAllText(Path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw ConfigurationError.Create($"{Origin}: cannot read the file '{Path}': {e.Message} Check that it exists and that this process may read it.", e);
        }
    }
}
