namespace Flink.Kubernetes.HA.Tests.Conventions;

/// <summary>The files that these tests judge.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    /// <summary>The packages whose public surface is reviewed.</summary>
    public static TheoryData<string> Packages => new("Flink.Kubernetes.HA", "Flink.Kubernetes.HA.S3", "Flink.Kubernetes.HA.AzureBlob", "Flink.Kubernetes.HA.Testing");

    /// <summary>The hand-written C# files below folders of the repository.</summary>
    public static IReadOnlyList<SourceFile> Code(params string[] folders) =>
        [.. folders.SelectMany(folder => Files(folder, "*.cs")).Select(path => new SourceFile(path, Read(path)))];

    /// <summary>The paths of files below a folder, relative to the root, with <c>/</c> between parts.</summary>
    public static IEnumerable<string> Files(string folder, string pattern) =>
        Directory.EnumerateFiles(Path.Combine(Root, folder), pattern, SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Root, path).Replace('\\', '/'))
            .Where(path => !path.Split('/').Any(part => part is "bin" or "obj" or ".git"))
            .Order(StringComparer.Ordinal);

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path)).ReplaceLineEndings("\n");

    /// <summary>Fails with all that was found, a line each.</summary>
    public static void ShouldBeNone<T>(this IEnumerable<T> found, string because) => string.Join('\n', found).Should().BeEmpty(because);

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Flink.Kubernetes.HA.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException(
            $"No Flink.Kubernetes.HA.sln in or above {AppContext.BaseDirectory}: run the tests from a build inside the repository.");
    }
}
