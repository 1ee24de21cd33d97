using Flink.Kubernetes.HA.Testing;
using Flink.Kubernetes.HA.Tests.ApiServer;
using Xunit;

namespace Flink.Kubernetes.HA.Tests.Conformance;

/// <summary>HttpKubeClient on a real kube-apiserver.</summary>
public sealed class RealApiServerConformanceTests(ApiServerFixture shared, PrivateApiServer own) : IClassFixture<PrivateApiServer>
{
    [Theory]
    [MemberData(nameof(ConformanceCases.Names), MemberType = typeof(ConformanceCases))]
    public async Task The_http_client_conforms_on_a_real_api_server(string name)
    {
        var conformanceCase = KubeClientConformance.Find(name);
        await using var harness = new RealApiServerHarness(await (conformanceCase.ExpiresHistory ? own.GetAsync() : shared.GetAsync()));
        await conformanceCase.RunAsync(harness, TestContext.Current.CancellationToken);
    }
}
