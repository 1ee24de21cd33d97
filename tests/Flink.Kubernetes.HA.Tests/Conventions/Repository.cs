namespace Flink.Kubernetes.HA.Tests.Conventions;

/// <summary>The sources that these tests judge.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    public static string Source => Path.Combine(Root, "src");

    /// <summary>The hand-written C# files below a folder of the repository, with paths relative to it and <c>/</c> between parts.</summary>
    public static IReadOnlyList<SourceFile> Files(string folder)
    {
        var top = Path.Combine(Root, folder);
        return
        [
            .. Directory.EnumerateFiles(top, "*.cs", SearchOption.AllDirectories)
                .Select(path => (Path: path, Relative: Path.GetRelativePath(top, path).Replace('\\', '/')))
                .Where(file => !file.Relative.Split('/').Any(part => part is "bin" or "obj"))
                .OrderBy(file => file.Relative, StringComparer.Ordinal)
                .Select(file => new SourceFile(file.Relative, File.ReadAllText(file.Path))),
        ];
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Flink.Kubernetes.HA.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException($"No Flink.Kubernetes.HA.sln in or above {AppContext.BaseDirectory}: run the tests from a build inside the repository.");
    }
}
