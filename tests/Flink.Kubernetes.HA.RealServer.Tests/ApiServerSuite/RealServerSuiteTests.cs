using Flink.Kubernetes.HA.TestInfrastructure.ApiServerSuite;

namespace Flink.Kubernetes.HA.RealServer.Tests.ApiServerSuite;

public sealed class RealServerSuiteTests(ApiServerFixture shared) : ApiServerSuiteTests
{
    protected override async Task<ApiServerUnderTest> StartAsync(CancellationToken cancellationToken) => new RealServerUnderTest(await shared.GetAsync());
}

public sealed class RealServerHistoryTests(PrivateApiServer own) : ApiServerHistoryTests, IClassFixture<PrivateApiServer>
{
    protected override async Task<ApiServerUnderTest> StartAsync(CancellationToken cancellationToken) => new RealServerUnderTest(await own.GetAsync());
}
