using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.Testing;

namespace Flink.Kubernetes.HA.Tests.Conformance;

internal sealed class InMemoryHarness : KubeClientHarness
{
    private readonly InMemoryApiServer _server = new();
    private int _namespaces;

    public override IKubeClient CreateClient() => _server.CreateClient();

    public override Task<IKubeClient> CreateClientWithoutRightsAsync(string namespaceName, CancellationToken cancellationToken)
    {
        _server.Deny("alice", "*", "*");
        return Task.FromResult(_server.CreateClient("alice"));
    }

    public override Task<string> CreateNamespaceAsync(CancellationToken cancellationToken) =>
        Task.FromResult($"n{Interlocked.Increment(ref _namespaces)}");

    public override Task ExpireHistoryAsync(CancellationToken cancellationToken)
    {
        _server.CompactHistory();
        return Task.CompletedTask;
    }

    public override ValueTask DisposeAsync()
    {
        _server.Dispose();
        return base.DisposeAsync();
    }
}
