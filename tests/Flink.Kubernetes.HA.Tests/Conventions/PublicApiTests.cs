using System.Reflection;
using PublicApiGenerator;

namespace Flink.Kubernetes.HA.Tests.Conventions;

/// <summary>What each package shows to its users, as a text that is reviewed.</summary>
public sealed class PublicApiTests
{
    private const string UpdateVariable = "UPDATE_PUBLIC_API";

    // A ratchet on the way to 60: lower it when types go.
    private const int MostTypesOfCore = 77;

    [Theory]
    [MemberData(nameof(Repository.Packages), MemberType = typeof(Repository))]
    public void The_public_surface_is_the_one_that_was_reviewed(string package)
    {
        var path = $"tests/PublicApi/{package}.txt";

        // By default the generator passes over namespaces of Microsoft, in which our extensions of the service collection are.
        var options = new ApiGeneratorOptions { IncludeAssemblyAttributes = false, DenyNamespacePrefixes = [] };
        var current = Assembly.Load(package).GeneratePublicApi(options).ReplaceLineEndings("\n") + "\n";
        if (Environment.GetEnvironmentVariable(UpdateVariable) == "1")
        {
            File.WriteAllText(Path.Combine(Repository.Root, path), current);
        }

        current.Should().Be(
            Repository.Read(path), "{0} is what was reviewed; if the change is meant, run this test once with {1}=1 and commit the file", path, UpdateVariable);
    }

    [Fact]
    public void The_front_does_not_grow() =>
        typeof(KubernetesHaServices).Assembly.GetExportedTypes().Should().HaveCountLessThanOrEqualTo(MostTypesOfCore);
}
