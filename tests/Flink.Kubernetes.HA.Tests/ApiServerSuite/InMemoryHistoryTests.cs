using Flink.Kubernetes.HA.TestInfrastructure.ApiServerSuite;
using Flink.Kubernetes.HA.Testing;

namespace Flink.Kubernetes.HA.Tests.ApiServerSuite;

/// <summary>Each way to the in-memory server runs the cases that make the server forget its history.</summary>
public sealed class InMemoryHistoryTests : ApiServerHistoryTests
{
    protected override Task<ApiServerUnderTest> StartAsync(CancellationToken cancellationToken) =>
        Task.FromResult<ApiServerUnderTest>(new InMemoryUnderTest());
}

/// <summary>Fault injection without a fault must change nothing.</summary>
public sealed class InMemoryBehindFaultInjectionHistoryTests : ApiServerHistoryTests
{
    protected override Task<ApiServerUnderTest> StartAsync(CancellationToken cancellationToken) =>
        Task.FromResult<ApiServerUnderTest>(new InMemoryUnderTest(() => new FaultInjectingHandler()));
}

public sealed class InMemoryOverHttpHistoryTests : ApiServerHistoryTests
{
    protected override Task<ApiServerUnderTest> StartAsync(CancellationToken cancellationToken) =>
        InMemoryHostUnderTest.StartAsync(useTls: false, cancellationToken);
}

public sealed class InMemoryOverHttpsHistoryTests : ApiServerHistoryTests
{
    protected override Task<ApiServerUnderTest> StartAsync(CancellationToken cancellationToken) =>
        InMemoryHostUnderTest.StartAsync(useTls: true, cancellationToken);
}
