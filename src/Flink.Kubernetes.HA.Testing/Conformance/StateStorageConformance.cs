using Flink.Kubernetes.HA.Storage;
using Flink.Kubernetes.HA.Testing.Conformance.Storage;

namespace Flink.Kubernetes.HA.Testing;

/// <summary>What every <see cref="IStateStorage"/> must do, as cases that any test framework can run.</summary>
public static class StateStorageConformance
{
    /// <summary>All cases, in a fixed order.</summary>
    public static IReadOnlyList<StateStorageConformanceCase> Cases { get; } =
    [
        .. WriteCases.All,
        .. ReadCases.All,
        .. VerifyCases.All,
        .. DeleteCases.All,
        .. ListCases.All,
        .. KeyCases.All,
        .. CancelCases.All,
        .. RaceCases.All,
    ];

    /// <summary>Finds a case by its name.</summary>
    /// <exception cref="ArgumentException">There is none of that name.</exception>
    public static StateStorageConformanceCase Find(string name) =>
        Cases.FirstOrDefault(c => c.Name == name) ?? throw new ArgumentException($"No conformance case is named '{name}'.", nameof(name));
}
