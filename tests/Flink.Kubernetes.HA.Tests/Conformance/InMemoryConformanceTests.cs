using Flink.Kubernetes.HA.Testing;
using Xunit;

namespace Flink.Kubernetes.HA.Tests.Conformance;

/// <summary>The in-memory server's own client.</summary>
public sealed class InMemoryConformanceTests
{
    [Theory]
    [MemberData(nameof(ConformanceCases.Names), MemberType = typeof(ConformanceCases))]
    public async Task The_in_memory_client_conforms(string name)
    {
        await using var harness = new InMemoryHarness();
        await KubeClientConformance.Find(name).RunAsync(harness, TestContext.Current.CancellationToken);
    }
}
