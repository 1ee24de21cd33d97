namespace Flink.Kubernetes.HA.Tests.Conventions;

public sealed class LayeringTests
{
    private static readonly Layers Core = new(new Dictionary<string, string[]>
    {
        ["HighAvailabilityServices"] =
            ["LeaderElection", "LeaderRetrieval", "WireFormat", "KubeClient", "KubeClient/Http", "KubeClient/Authentication", "KubeClient/Watching", "Diagnostics"],
        ["LeaderElection"] = ["WireFormat", "KubeClient", "KubeClient/Watching", "Diagnostics"],
        ["LeaderRetrieval"] = ["WireFormat", "KubeClient", "KubeClient/Watching", "Diagnostics"],
        ["WireFormat"] = ["KubeClient"],
        ["KubeClient/Http"] = ["KubeClient", "KubeClient/Authentication", "Diagnostics"],
        ["KubeClient/Authentication"] = ["KubeClient", "Diagnostics"],
        ["KubeClient/Watching"] = ["KubeClient", "Diagnostics"],
        // The seam and its model: they know no implementation.
        ["KubeClient"] = [],
        ["Diagnostics"] = [],
    });

    [Fact]
    public void Arrows_between_the_folders_of_the_library_point_one_way() =>
        Judge.None(Core.Violations(Repository.Files("src/Flink.Kubernetes.HA")));

    [Theory]
    [InlineData("Diagnostics/Bad.cs", "class Bad { void M(ObjectKey key) { } }", "Diagnostics may not use KubeClient (ObjectKey)")]
    [InlineData("LeaderElection/Bad.cs", "class Bad { Retrieval? Field; }", "LeaderElection may not use LeaderRetrieval (Retrieval)")]
    [InlineData("LeaderElection/Bad.cs", "using Demo.LeaderRetrieval;\nclass Bad;", "LeaderElection may not use LeaderRetrieval (using Demo.LeaderRetrieval)")]
    [InlineData("KubeClient/Bad.cs", "class Bad { object M() => new HttpClientOfOurs(); }", "KubeClient may not use KubeClient/Http (HttpClientOfOurs)")]
    [InlineData("KubeClient/Model/Bad.cs", "class Bad(Retrieval retrieval);", "KubeClient may not use LeaderRetrieval (Retrieval)")]
    [InlineData("Elsewhere/Bad.cs", "class Bad;", "its folder is in no layer")]
    public void A_wrong_arrow_is_found(string path, string code, string expected)
    {
        var error = Assert.Single(Core.Violations([.. Right, new SourceFile(path, $"namespace Demo;\n{code}")]));

        Assert.Equal($"{path}: {expected}", error);
    }

    [Theory]
    [InlineData("// Retrieval is told elsewhere")]
    [InlineData("/// <see cref=\"Retrieval\"/>")]
    [InlineData("/* Retrieval */")]
    [InlineData("const string Text = \"Retrieval\";")]
    [InlineData("const string Text = \"\"\"say \"Retrieval\" \"\"\";")]
    public void Comments_and_texts_are_no_arrows(string line) =>
        Judge.None(Core.Violations([.. Right, new SourceFile("KubeClient/Good.cs", $"namespace Demo;\nclass Good\n{{\n    {line}\n}}")]));

    [Fact]
    public void Right_arrows_are_let_be() => Judge.None(Core.Violations(Right));

    private static SourceFile[] Right =>
    [
        new("KubeClient/ObjectKey.cs", "namespace Demo;\npublic sealed record ObjectKey;"),
        new("KubeClient/Http/HttpClientOfOurs.cs", "namespace Demo.Http;\ninternal sealed class HttpClientOfOurs { ObjectKey? _key; }"),
        new("LeaderRetrieval/Retrieval.cs", "using Demo;\nnamespace Demo.LeaderRetrieval;\ninternal sealed class Retrieval(ObjectKey key);"),
    ];
}
