namespace Flink.Kubernetes.HA.Tests.Conventions;

public sealed class LayeringTests
{
    private static readonly Layers Core = new(new Dictionary<string, string[]>
    {
        ["HighAvailabilityServices"] =
            ["LeaderElection", "LeaderRetrieval", "WireFormat", "KubeClient", "KubeClient/Http", "KubeClient/KubeConnection.cs", "KubeClient/Watching", "Diagnostics"],
        ["LeaderElection"] = ["WireFormat", "KubeClient", "KubeClient/Watching", "Diagnostics"],
        ["LeaderRetrieval"] = ["WireFormat", "KubeClient", "KubeClient/Watching", "Diagnostics"],
        ["WireFormat"] = ["KubeClient"],
        ["KubeClient/Http"] = ["KubeClient", "KubeClient/KubeConnection.cs", "KubeClient/Authentication", "Diagnostics"],
        // The face of Authentication, in the namespace where users look for it.
        ["KubeClient/KubeConnection.cs"] = ["KubeClient", "KubeClient/Authentication"],
        ["KubeClient/Authentication"] = ["KubeClient", "KubeClient/KubeConnection.cs", "Diagnostics"],
        ["KubeClient/Watching"] = ["KubeClient", "Diagnostics"],
        // The seam and its model: they know no implementation.
        ["KubeClient"] = [],
        ["StateHandles"] = ["LeaderElection", "WireFormat", "KubeClient", "Storage", "Diagnostics"],
        ["Storage"] = ["Diagnostics"],
        ["Diagnostics"] = [],
    });

    [Fact]
    public void Arrows_between_the_folders_of_the_library_point_one_way() =>
        Judge.None(Core.Violations(Repository.Files("src/Flink.Kubernetes.HA")));

    [Theory]
    [InlineData("Diagnostics/Bad.cs", "class Bad { void M(ObjectKey key) { } }", "Diagnostics may not use KubeClient (ObjectKey)")]
    [InlineData("LeaderElection/Bad.cs", "class Bad { LeaderRetrieval.Retrieval? Field; }", "LeaderElection may not use LeaderRetrieval (Retrieval)")]
    [InlineData("LeaderElection/Bad.cs", "class Bad { Demo.LeaderRetrieval.Retrieval? Field; }", "LeaderElection may not use LeaderRetrieval (Retrieval)")]
    [InlineData("LeaderElection/Bad.cs", "using Demo.LeaderRetrieval;\nclass Bad;", "LeaderElection may not use LeaderRetrieval (using Demo.LeaderRetrieval)")]
    [InlineData("KubeClient/Bad.cs", "class Bad { object M() => new Http.HttpClientOfOurs(); }", "KubeClient may not use KubeClient/Http (HttpClientOfOurs)")]
    [InlineData("KubeClient/Model/Bad.cs", "class Bad(AtTheTop top);", "KubeClient may not use HighAvailabilityServices (AtTheTop)")]
    [InlineData("Elsewhere/Bad.cs", "class Bad;", "its folder is in no layer")]
    public void A_wrong_arrow_is_found(string path, string code, string expected)
    {
        var error = Assert.Single(Core.Violations([.. Right, new SourceFile(path, $"namespace Demo;\n{code}")]));

        Assert.Equal($"{path}: {expected}", error);
    }

    [Theory]
    [InlineData("// AtTheTop is told elsewhere")]
    [InlineData("/// <see cref=\"AtTheTop\"/>")]
    [InlineData("/* AtTheTop */")]
    [InlineData("const string Text = \"AtTheTop\";")]
    [InlineData("string? Retrieval { get; }")]
    [InlineData("const string Text = \"\"\"say \"AtTheTop\" \"\"\";")]
    public void Comments_and_texts_are_no_arrows(string line) =>
        Judge.None(Core.Violations([.. Right, new SourceFile("KubeClient/Good.cs", $"namespace Demo;\nclass Good\n{{\n    {line}\n}}")]));

    [Fact]
    public void Right_arrows_are_let_be() => Judge.None(Core.Violations(Right));

    private static SourceFile[] Right =>
    [
        new("KubeClient/ObjectKey.cs", "namespace Demo;\npublic sealed record ObjectKey;"),
        new("KubeClient/Http/HttpClientOfOurs.cs", "namespace Demo.Http;\ninternal sealed class HttpClientOfOurs { ObjectKey? _key; }"),
        new("HighAvailabilityServices/AtTheTop.cs", "namespace Demo;\npublic sealed class AtTheTop;"),
        new("LeaderRetrieval/Retrieval.cs", "using Demo;\nnamespace Demo.LeaderRetrieval;\ninternal sealed class Retrieval(ObjectKey key);"),
    ];
}
