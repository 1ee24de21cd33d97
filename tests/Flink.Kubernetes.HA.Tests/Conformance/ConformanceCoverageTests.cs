using System.Reflection;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.Testing;
using Xunit;

namespace Flink.Kubernetes.HA.Tests.Conformance;

/// <summary>No implementation of the seam goes without the conformance suite.</summary>
public sealed class ConformanceCoverageTests
{
    // A new implementation is added here together with its conformance class.
    private static readonly Dictionary<string, Type[]> Covered = new(StringComparer.Ordinal)
    {
        ["HttpKubeClient"] = [typeof(RealApiServerConformanceTests), typeof(InMemoryOverHttpConformanceTests)],
        ["InMemoryKubeClient"] = [typeof(InMemoryConformanceTests)],
        ["FaultInjectingKubeClient"] = [typeof(FaultInjectingConformanceTests)],
    };

    [Fact]
    public void Every_implementation_of_the_seam_has_a_conformance_class()
    {
        Assembly[] assemblies = [typeof(IKubeClient).Assembly, typeof(KubeClientConformance).Assembly];
        var implementations = assemblies.SelectMany(a => a.GetTypes()).Where(t => t is { IsClass: true, IsAbstract: false } && t.IsAssignableTo(typeof(IKubeClient)));
        Assert.Equal(Covered.Keys.Order(StringComparer.Ordinal), implementations.Select(t => t.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_conformance_class_runs_all_cases()
    {
        foreach (var suite in Covered.Values.SelectMany(s => s))
        {
            var theory = Assert.Single(suite.GetMethods(), m => m.GetCustomAttribute<TheoryAttribute>() is not null);
            var rows = theory.GetCustomAttribute<MemberDataAttribute>();
            Assert.Equal((nameof(ConformanceCases.Names), typeof(ConformanceCases)), (rows?.MemberName, rows?.MemberType));
        }
    }

    [Fact]
    public void Case_names_are_unique() =>
        Assert.Equal(KubeClientConformance.Cases.Count, KubeClientConformance.Cases.Select(c => c.Name).Distinct(StringComparer.Ordinal).Count());
}
