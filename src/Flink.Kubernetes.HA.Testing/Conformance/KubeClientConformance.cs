using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.Testing.Conformance.Cases;

namespace Flink.Kubernetes.HA.Testing;

/// <summary>What every <see cref="IKubeClient"/> must do, as cases that any test framework can run.</summary>
/// <remarks>The cases were made on a real kube-apiserver: where an implementation differs from it, the implementation is wrong.</remarks>
public static class KubeClientConformance
{
    /// <summary>All cases, in a fixed order.</summary>
    public static IReadOnlyList<ConformanceCase> Cases { get; } =
    [
        .. KindCases.All,
        .. CreateCases.All,
        .. NameCases.All,
        .. SizeCases.All,
        .. ReplaceCases.All,
        .. JsonPatchCases.All,
        .. JsonPatchTestCases.All,
        .. MergePatchCases.All,
        .. DeleteCases.All,
        .. ListCases.All,
        .. PagingCases.All,
        .. MetadataOnlyCases.All,
        .. LeaseCases.All,
        .. WatchCases.All,
        .. WatchSelectionCases.All,
        .. HistoryCases.All,
        .. ConcurrencyCases.All,
        .. RefusalCases.All,
    ];

    /// <summary>Finds a case by its name.</summary>
    /// <exception cref="ArgumentException">There is none of that name.</exception>
    public static ConformanceCase Find(string name) =>
        Cases.FirstOrDefault(c => c.Name == name) ?? throw new ArgumentException($"No conformance case is named '{name}'.", nameof(name));
}
