namespace Flink.Kubernetes.HA.Storage.Tests.Conformance;

/// <summary>The names of all cases, as the rows of a theory.</summary>
public static class ConformanceCases
{
    public static TheoryData<string> Names => [.. StateStorageConformance.Cases.Select(c => c.Name)];
}
