using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.Testing;

namespace Flink.Kubernetes.HA.Tests.Conformance;

/// <param name="decorate">What to put around each client, if anything.</param>
internal sealed class InMemoryHarness(Func<IKubeClient, IKubeClient>? decorate = null) : KubeClientHarness
{
    private readonly InMemoryApiServer _server = new();
    private int _namespaces;

    public override IKubeClient CreateClient() => CreateClient("admin");

    public override Task<IKubeClient> CreateClientWithoutRightsAsync(string namespaceName, CancellationToken cancellationToken)
    {
        _server.Deny("alice", "*", "*");
        return Task.FromResult(CreateClient("alice"));
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

    private IKubeClient CreateClient(string user)
    {
        var client = _server.CreateClient(user);
        return decorate is null ? client : decorate(client);
    }
}
