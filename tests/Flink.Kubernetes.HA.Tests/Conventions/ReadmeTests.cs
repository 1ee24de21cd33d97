using System.Text.RegularExpressions;

namespace Flink.Kubernetes.HA.Tests.Conventions;

public sealed partial class ReadmeTests
{
    private static readonly string Readme = File.ReadAllText(Path.Combine(Repository.Root, "README.md")).ReplaceLineEndings("\n");

    [Fact]
    public void The_quick_start_is_the_sample_that_compiles()
    {
        var sample = File.ReadAllText(Path.Combine(Repository.Root, "samples", "QuickStart", "Program.cs")).ReplaceLineEndings("\n");
        var region = Region().Match(sample);
        var block = QuickStart().Match(Readme);

        Assert.True(region.Success, "samples/QuickStart/Program.cs has no '// <quick-start>' ... '// </quick-start>'.");
        Assert.True(block.Success, "README.md has no C# block under '## Quick start'.");
        Assert.Equal(region.Groups[1].Value.Trim(), block.Groups[1].Value.Trim());
        Assert.InRange(block.Groups[1].Value.Trim().Split('\n').Length, 1, 25);
    }

    [Fact]
    public void Every_file_that_the_readme_names_exists() =>
        Judge.None(RelativeLink().Matches(Readme).Select(match => match.Groups[1].Value).Where(path => !Path.Exists(Path.Combine(Repository.Root, path))));

    [Fact]
    public void The_role_in_the_readme_is_the_one_of_the_samples()
    {
        var manifest = File.ReadAllText(Path.Combine(Repository.Root, "samples", "kubernetes", "rbac.yaml")).ReplaceLineEndings("\n");
        var role = manifest.Split("---\n").Single(document => document.Contains("\nkind: Role\n", StringComparison.Ordinal));

        Assert.Contains(role.Trim(), Readme);
    }

    [GeneratedRegex("// <quick-start>\n(.*)// </quick-start>", RegexOptions.Singleline)]
    private static partial Regex Region();

    [GeneratedRegex("^## Quick start\n.*?^```csharp\n(.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex QuickStart();

    [GeneratedRegex(@"\]\((?!https?:|#)([^)#]+)[^)]*\)")]
    private static partial Regex RelativeLink();
}
