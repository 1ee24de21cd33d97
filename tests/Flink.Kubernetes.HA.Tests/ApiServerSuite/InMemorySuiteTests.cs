using Flink.Kubernetes.HA.TestInfrastructure.ApiServerSuite;
using Flink.Kubernetes.HA.Testing;

namespace Flink.Kubernetes.HA.Tests.ApiServerSuite;

/// <summary>Each way to the in-memory server runs the whole suite.</summary>
public sealed class InMemorySuiteTests : ApiServerSuiteTests
{
    protected override Task<ApiServerUnderTest> StartAsync(CancellationToken cancellationToken) =>
        Task.FromResult<ApiServerUnderTest>(new InMemoryUnderTest());
}

/// <summary>Fault injection without a fault must change nothing.</summary>
public sealed class InMemoryBehindFaultInjectionSuiteTests : ApiServerSuiteTests
{
    protected override Task<ApiServerUnderTest> StartAsync(CancellationToken cancellationToken) =>
        Task.FromResult<ApiServerUnderTest>(new InMemoryUnderTest(() => new FaultInjectingHandler()));
}

public sealed class InMemoryOverHttpSuiteTests : ApiServerSuiteTests
{
    protected override Task<ApiServerUnderTest> StartAsync(CancellationToken cancellationToken) =>
        InMemoryHostUnderTest.StartAsync(useTls: false, cancellationToken);
}

public sealed class InMemoryOverHttpsSuiteTests : ApiServerSuiteTests
{
    protected override Task<ApiServerUnderTest> StartAsync(CancellationToken cancellationToken) =>
        InMemoryHostUnderTest.StartAsync(useTls: true, cancellationToken);
}
