using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.Testing;
using Flink.Kubernetes.HA.Tests.ApiServer;

namespace Flink.Kubernetes.HA.Tests.Conformance;

internal sealed class RealApiServerHarness(RealApiServer server) : KubeClientHarness
{
    private readonly List<TestNamespace> _namespaces = [];

    public override IKubeClient CreateClient() => server.CreateClient();

    public override async Task<IKubeClient> CreateClientWithoutRightsAsync(string namespaceName, CancellationToken cancellationToken) =>
        await _namespaces.Single(n => n.Name == namespaceName).CreateClientAsync("alice", cancellationToken);

    public override async Task<string> CreateNamespaceAsync(CancellationToken cancellationToken)
    {
        var created = await server.CreateNamespaceAsync(cancellationToken);
        _namespaces.Add(created);
        return created.Name;
    }

    public override Task ExpireHistoryAsync(CancellationToken cancellationToken) => server.ExpireHistoryAsync(cancellationToken);
}
