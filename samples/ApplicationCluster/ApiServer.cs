using Flink.Kubernetes.HA.Testing;

namespace ApplicationCluster;

/// <summary>The API server of the demonstration: the cluster that a kubeconfig names, or one in memory.</summary>
internal sealed class ApiServer : IAsyncDisposable
{
    private readonly InMemoryApiServer? _server;
    private readonly InMemoryApiServerHost? _host;
    private readonly string? _temporary;

    private ApiServer(string kubeConfig, string description) => (KubeConfig, Description) = (kubeConfig, description);

    private ApiServer(InMemoryApiServer server, InMemoryApiServerHost host, string temporary)
        : this(temporary, $"an in-memory API server at {host.Url} (try: kubectl --kubeconfig {temporary} get configmaps)")
    {
        _server = server;
        _host = host;
        _temporary = temporary;
    }

    public string KubeConfig { get; }

    public string Description { get; }

    public static async Task<ApiServer> StartAsync(Settings settings)
    {
        if (settings.KubeConfig is not null)
        {
            return new ApiServer(settings.KubeConfig, $"the cluster of {settings.KubeConfig}");
        }

        var server = new InMemoryApiServer();
        var host = await InMemoryApiServerHost.StartAsync(server, useTls: true);
        var file = Path.Combine(Path.GetTempPath(), $"application-cluster-{Environment.ProcessId}.kubeconfig");
        host.WriteKubeConfig(file);
        return new ApiServer(server, host, file);
    }

    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
        {
            await _host.DisposeAsync();
            _server!.Dispose();
            File.Delete(_temporary!);
        }
    }
}
