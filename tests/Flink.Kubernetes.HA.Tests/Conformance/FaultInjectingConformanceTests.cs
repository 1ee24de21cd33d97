using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.Testing;
using Xunit;

namespace Flink.Kubernetes.HA.Tests.Conformance;

/// <summary>Fault injection without a fault must change nothing.</summary>
public sealed class FaultInjectingConformanceTests
{
    [Theory]
    [MemberData(nameof(ConformanceCases.Names), MemberType = typeof(ConformanceCases))]
    public async Task The_fault_injecting_client_without_faults_conforms(string name)
    {
        await using var harness = new InMemoryHarness(client => new FaultInjectingKubeClient(client));
        await KubeClientConformance.Find(name).RunAsync(harness, TestContext.Current.CancellationToken);
    }
}
