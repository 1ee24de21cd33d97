namespace Flink.Kubernetes.HA.KubeClient.Authentication;

/// <summary>The files that make up a kubeconfig.</summary>
/// <param name="Paths">The files, the first first; those that do not exist are passed over.</param>
/// <param name="WhatIsMissing">What to say when none of them exists.</param>
internal sealed record KubeConfigSources(IReadOnlyList<string> Paths, string WhatIsMissing)
{
    private const string Variable = "KUBECONFIG";

    public static KubeConfigSources Explicit(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        return new([Path.GetFullPath(path)], $"there is no file {Path.GetFullPath(path)}");
    }

    /// <summary>The files of KUBECONFIG where it is set, else the one in the home directory.</summary>
    public static KubeConfigSources Find(AuthenticationEnvironment environment)
    {
        if (environment.Variable(Variable) is { Length: > 0 } value)
        {
            string[] named = [.. value.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).Select(Path.GetFullPath).Distinct()];
            return new(named, $"{Variable}={value} names no file that exists");
        }

        if (environment.HomeDirectory.Length == 0)
        {
            return new([], $"{Variable} is not set and there is no home directory");
        }

        var ofHome = Path.Combine(environment.HomeDirectory, ".kube", "config");
        return new([ofHome], $"{Variable} is not set and there is no file {ofHome}");
    }
}
