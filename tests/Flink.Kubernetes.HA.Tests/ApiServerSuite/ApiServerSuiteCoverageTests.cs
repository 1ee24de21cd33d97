using System.Reflection;
using Flink.Kubernetes.HA.TestInfrastructure.ApiServerSuite;

namespace Flink.Kubernetes.HA.Tests.ApiServerSuite;

/// <summary>Nothing of the suite is left out on the way to a server.</summary>
public sealed class ApiServerSuiteCoverageTests
{
    private static readonly Type[] Parts =
        [.. typeof(ApiServerTests).Assembly.GetTypes().Where(t => t.IsAbstract && t.BaseType == typeof(ApiServerTests))];

    [Fact]
    public void Every_way_to_the_in_memory_server_runs_every_part()
    {
        string[] ways = ["InMemory", "InMemoryBehindFaultInjection", "InMemoryOverHttp", "InMemoryOverHttps"];
        foreach (var part in Parts)
        {
            var suffix = part.Name["ApiServer".Length..];
            var classes = GetType().Assembly.GetTypes().Where(t => t.BaseType == part && t.Namespace == GetType().Namespace);
            Assert.Equal(ways.Select(w => w + suffix).Order(StringComparer.Ordinal), classes.Select(c => c.Name).Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public void Every_case_is_run_and_none_is_skipped()
    {
        Assert.Equal(2, Parts.Length);
        var methods = Parts.SelectMany(p => p.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly));
        Assert.All(methods.Where(m => m.ReturnType == typeof(Task)), m =>
        {
            var fact = Assert.Single(m.GetCustomAttributes<FactAttribute>());
            Assert.Null(fact.Skip);
            Assert.False(fact.Explicit);
        });
    }
}
