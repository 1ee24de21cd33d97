using Flink.Kubernetes.HA.Testing;
using Xunit;

namespace Flink.Kubernetes.HA.Tests.Conformance;

/// <summary>HttpKubeClient on the in-memory server's HTTP front.</summary>
public sealed class InMemoryOverHttpConformanceTests
{
    [Theory]
    [MemberData(nameof(ConformanceCases.Names), MemberType = typeof(ConformanceCases))]
    public async Task The_http_client_conforms_on_the_in_memory_server(string name)
    {
        await using var harness = await InMemoryOverHttpHarness.StartAsync();
        await KubeClientConformance.Find(name).RunAsync(harness, TestContext.Current.CancellationToken);
    }
}
