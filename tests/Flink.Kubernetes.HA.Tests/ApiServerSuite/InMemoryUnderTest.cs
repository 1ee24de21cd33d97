using Flink.Kubernetes.HA.TestInfrastructure.ApiServerSuite;
using Flink.Kubernetes.HA.Testing;
using k8s;

namespace Flink.Kubernetes.HA.Tests.ApiServerSuite;

/// <summary>An in-memory server of one case, in this process.</summary>
/// <param name="decorate">Makes the handlers of each client, if there are to be any.</param>
internal class InMemoryUnderTest(Func<DelegatingHandler>? decorate = null) : ApiServerUnderTest
{
    private int _namespaces;

    protected InMemoryApiServer InMemory { get; } = new();

    public override k8s.Kubernetes CreateClient() => CreateClient("admin");

    public override Task<k8s.Kubernetes> CreateClientWithoutRightsAsync(string namespaceName, CancellationToken cancellationToken)
    {
        InMemory.Deny("alice", "*", "*");
        return Task.FromResult(CreateClient("alice"));
    }

    public override Task<string> CreateNamespaceAsync(CancellationToken cancellationToken) =>
        Task.FromResult($"n{Interlocked.Increment(ref _namespaces)}");

    public override Task ExpireHistoryAsync(CancellationToken cancellationToken)
    {
        InMemory.CompactHistory();
        return Task.CompletedTask;
    }

    public override ValueTask DisposeAsync()
    {
        InMemory.Dispose();
        return base.DisposeAsync();
    }

    protected virtual k8s.Kubernetes CreateClient(string user) =>
        InMemory.CreateClient(user, decorate is null ? [] : [decorate()]);
}

/// <summary>An in-memory server of one case, behind a port of this machine.</summary>
internal sealed class InMemoryHostUnderTest : InMemoryUnderTest
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("api-server-suite-");
    private InMemoryApiServerHost _host = null!;

    internal static async Task<ApiServerUnderTest> StartAsync(bool useTls, CancellationToken cancellationToken)
    {
        var started = new InMemoryHostUnderTest();
        var tokens = new Dictionary<string, string> { ["admin-token"] = "admin", ["alice-token"] = "alice" };
        started._host = await InMemoryApiServerHost.StartAsync(started.InMemory, tokens, useTls, cancellationToken);
        return started;
    }

    public override async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        await base.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    protected override k8s.Kubernetes CreateClient(string user)
    {
        var path = Path.Combine(_folder.FullName, user);
        _host.WriteKubeConfig(path, $"{user}-token");
        return new k8s.Kubernetes(KubernetesClientConfiguration.BuildConfigFromConfigFile(path));
    }
}
