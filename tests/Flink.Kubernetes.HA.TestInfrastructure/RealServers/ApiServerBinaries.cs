namespace Flink.Kubernetes.HA.TestInfrastructure.RealServers;

/// <summary>Finds kube-apiserver and etcd as controller-runtime's envtest does, or installs them into the project's cache.</summary>
internal static class ApiServerBinaries
{
    private static readonly Lazy<Task<string>> Cache = new(() => Task.Run(InstallAsync));

    internal static async Task<string> GetFolderAsync() =>
        RealServerChoice.OfPrograms == RealServerSource.Assets ? GetAssets() : await Cache.Value;

    /// <summary>The contender of client-go, which the project's cache holds beside the server.</summary>
    internal static async Task<string> GetContenderAsync() => Path.Combine(await Cache.Value, "client-go-configmap");

    private static string GetAssets()
    {
        var assets = RealServerChoice.Assets
            ?? throw new InvalidOperationException($"{RealServerChoice.Variable} asks for assets: set KUBEBUILDER_ASSETS to a folder that holds kube-apiserver and etcd.");
        return Holds(assets)
            ? assets
            : throw new InvalidOperationException(
                $"KUBEBUILDER_ASSETS names {assets}, which does not hold kube-apiserver and etcd. Correct it, or unset it to use the project's cache.");
    }

    private static async Task<string> InstallAsync()
    {
        // The script returns at once when the cache holds both at the right versions, and locks out a second installer.
        var cache = Path.Combine(CacheHome, "flink-kubernetes-ha", "apiserver-1.20");
        if (!Holds(cache))
        {
            await Console.Error.WriteLineAsync($"Installing kube-apiserver and etcd into {cache}; this takes some minutes, once.");
        }

        await ApiServerScripts.RunAsync("install.sh", [cache], showProgress: !Holds(cache));
        return cache;
    }

    private static string CacheHome =>
        Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } home
            ? home
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");

    private static bool Holds(string folder) =>
        File.Exists(Path.Combine(folder, "kube-apiserver")) && File.Exists(Path.Combine(folder, "etcd"));
}
