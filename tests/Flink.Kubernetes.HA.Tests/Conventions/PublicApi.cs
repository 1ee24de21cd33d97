using System.Reflection;

namespace Flink.Kubernetes.HA.Tests.Conventions;

/// <summary>The reviewed text of what each package shows to its users.</summary>
internal static class PublicApi
{
    public static TheoryData<string> Packages => new("Flink.Kubernetes.HA", "Flink.Kubernetes.HA.S3", "Flink.Kubernetes.HA.Testing");

    public static string AcceptedPath(string package) => Path.Combine(Repository.Root, "tests", "PublicApi", package + ".txt");

    public static string Current(string package) => PublicApiWriter.Write(Assembly.Load(package).GetExportedTypes());
}
