using Flink.Kubernetes.HA.Testing;
using Xunit;

namespace Flink.Kubernetes.HA.Tests.Conformance;

/// <summary>The names of all cases, as the rows of a theory.</summary>
public static class ConformanceCases
{
    public static TheoryData<string> Names => [.. KubeClientConformance.Cases.Select(c => c.Name)];
}
