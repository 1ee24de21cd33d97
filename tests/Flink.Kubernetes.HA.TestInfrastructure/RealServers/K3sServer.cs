using DotNet.Testcontainers.Configurations;
using Testcontainers.K3s;

namespace Flink.Kubernetes.HA.TestInfrastructure.RealServers;

/// <summary>K3s in a container of its own, which goes when it is disposed.</summary>
/// <remarks>
/// <c>FLINK_HA_K3S_IMAGE</c> names the image. Testcontainers has a container of its own (Ryuk) remove what a killed run leaves behind;
/// <c>TESTCONTAINERS_RYUK_DISABLED=true</c> is for engines that cannot pull its image.
/// </remarks>
internal sealed class K3sServer : IAsyncDisposable
{
    private const string DefaultImage = "rancher/k3s:v1.35.5-k3s1";

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private readonly K3sContainer _container;

    private K3sServer(K3sContainer container, string kubeConfigPath) => (_container, KubeConfigPath) = (container, kubeConfigPath);

    /// <summary>Whether a Docker engine answers.</summary>
    internal static bool IsPossible => TestcontainersSettings.OS.DockerEndpointAuthConfig is not null;

    internal string KubeConfigPath { get; }

    internal static async Task<K3sServer> StartAsync()
    {
        if (!IsPossible)
        {
            throw new InvalidOperationException("K3s is to be used, and no Docker engine answers. Start one, or set DOCKER_HOST to the one that runs.");
        }

        var image = Environment.GetEnvironmentVariable("FLINK_HA_K3S_IMAGE") is { Length: > 0 } named ? named : DefaultImage;
        var container = new K3sBuilder(image).Build();
        try
        {
            using var limit = new CancellationTokenSource(Limit);
            await container.StartAsync(limit.Token);
            var path = Path.GetTempFileName();
            await File.WriteAllTextAsync(path, await container.GetKubeconfigAsync());
            return new K3sServer(container, path);
        }
        catch
        {
            await container.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        File.Delete(KubeConfigPath);
        await _container.DisposeAsync();
    }
}
