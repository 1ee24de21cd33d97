namespace Flink.Kubernetes.HA.Tests.Conventions;

public sealed class PublicApiTests
{
    private const string UpdateVariable = "UPDATE_PUBLIC_API";

    [Theory]
    [MemberData(nameof(PublicApi.Packages), MemberType = typeof(PublicApi))]
    public void The_public_surface_is_the_one_that_was_reviewed(string package)
    {
        var path = PublicApi.AcceptedPath(package);
        var current = PublicApi.Current(package);
        if (Environment.GetEnvironmentVariable(UpdateVariable) == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, current);
        }

        var accepted = File.Exists(path) ? File.ReadAllText(path).ReplaceLineEndings("\n") : string.Empty;
        if (accepted != current)
        {
            Assert.Fail(
                $"The public surface of {package} has changed:\n{Difference(accepted, current)}\n"
                + $"If that is meant, run the tests once with {UpdateVariable}=1 and commit tests/PublicApi/{package}.txt.");
        }
    }

    [Fact]
    public void A_difference_names_what_came_and_what_went() =>
        Assert.Equal("- class A / void M()\n+ class A / void N()", Difference("class A\n    void M()\n    void O()\n", "class A\n    void N()\n    void O()\n"));

    private static string Difference(string accepted, string current)
    {
        var (before, after) = (Qualified(accepted), Qualified(current));
        return string.Join('\n', before.Except(after).Select(line => "- " + line).Concat(after.Except(before).Select(line => "+ " + line)));
    }

    // A member's line means nothing without the type that it stands under.
    private static List<string> Qualified(string text)
    {
        var type = string.Empty;
        var lines = new List<string>();
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            type = line.StartsWith(' ') ? type : line;
            lines.Add(line.StartsWith(' ') ? $"{type} / {line.Trim()}" : line);
        }

        return lines;
    }
}
