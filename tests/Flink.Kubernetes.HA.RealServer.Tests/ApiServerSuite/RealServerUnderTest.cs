using Flink.Kubernetes.HA.TestInfrastructure.ApiServerSuite;

namespace Flink.Kubernetes.HA.RealServer.Tests.ApiServerSuite;

/// <summary>A real server, which outlives the case.</summary>
internal sealed class RealServerUnderTest(RealApiServer server) : ApiServerUnderTest
{
    private readonly List<TestNamespace> _namespaces = [];

    public override k8s.Kubernetes CreateClient() => server.CreateKubernetes();

    public override Task<k8s.Kubernetes> CreateClientWithoutRightsAsync(string namespaceName, CancellationToken cancellationToken) =>
        _namespaces.Single(n => n.Name == namespaceName).CreateKubernetesAsync("alice", cancellationToken);

    public override async Task<string> CreateNamespaceAsync(CancellationToken cancellationToken)
    {
        var created = await server.CreateNamespaceAsync(cancellationToken);
        _namespaces.Add(created);
        return created.Name;
    }

    public override Task ExpireHistoryAsync(CancellationToken cancellationToken) => server.ExpireHistoryAsync(cancellationToken);
}
