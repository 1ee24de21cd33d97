using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.Testing;
using Xunit;

namespace Flink.Kubernetes.HA.Tests.Conformance;

internal sealed class InMemoryOverHttpHarness : KubeClientHarness
{
    private readonly InMemoryApiServer _server;
    private readonly InMemoryApiServerHost _host;
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ha-conformance-");
    private int _namespaces;

    private InMemoryOverHttpHarness(InMemoryApiServer server, InMemoryApiServerHost host) => (_server, _host) = (server, host);

    internal static async Task<InMemoryOverHttpHarness> StartAsync()
    {
        var server = new InMemoryApiServer();
        var tokens = new Dictionary<string, string> { ["admin-token"] = "admin", ["alice-token"] = "alice" };
        return new InMemoryOverHttpHarness(server, await InMemoryApiServerHost.StartAsync(server, tokens, useTls: true, TestContext.Current.CancellationToken));
    }

    public override IKubeClient CreateClient() => CreateClient("admin-token");

    public override Task<IKubeClient> CreateClientWithoutRightsAsync(string namespaceName, CancellationToken cancellationToken)
    {
        _server.Deny("alice", "*", "*");
        return Task.FromResult<IKubeClient>(CreateClient("alice-token"));
    }

    public override Task<string> CreateNamespaceAsync(CancellationToken cancellationToken) =>
        Task.FromResult($"n{Interlocked.Increment(ref _namespaces)}");

    public override Task ExpireHistoryAsync(CancellationToken cancellationToken)
    {
        _server.CompactHistory();
        return Task.CompletedTask;
    }

    public override async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        _server.Dispose();
        _folder.Delete(recursive: true);
        await base.DisposeAsync();
    }

    private HttpKubeClient CreateClient(string token)
    {
        var path = Path.Combine(_folder.FullName, token);
        _host.WriteKubeConfig(path, token);
        return new HttpKubeClient(KubeConnection.FromKubeConfig(path));
    }
}
