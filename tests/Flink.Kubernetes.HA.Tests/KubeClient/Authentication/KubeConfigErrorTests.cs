using Xunit;

namespace Flink.Kubernetes.HA.Tests.KubeClient.Authentication;

public sealed class KubeConfigErrorTests : AuthenticationTest
{
    [Theory]
    [InlineData("clusters: [\n", "line")]
    [InlineData("users:\n- name: a\n  user:\n    token: SECRET\n   password: SECRET\n", "line")]
    [InlineData("kind: Config\nkind: Config\n", "YAML")]
    [InlineData("just a text", "not a kubeconfig")]
    [InlineData("- a\n- b\n", "not a kubeconfig")]
    [InlineData("kind: Pod\n", "'Pod'")]
    [InlineData("clusters: {a: b}\n", "clusters (line 1) must be a list")]
    [InlineData("users: [SECRET]\n", "users")]
    [InlineData("clusters: [{cluster: {}}]\n", "clusters[0].name")]
    [InlineData("contexts:\n- {name: a, context: {}}\n- {name: a, context: {}}\n", "'a' is there twice")]
    [InlineData("apiVersion: v1\n", "no current-context")]
    [InlineData("current-context: b\ncontexts: [{name: a, context: {}}]\n", "Contexts: a.")]
    [InlineData("current-context: a\ncontexts: [{name: a, context: {}}]\n", "contexts[a].context.cluster")]
    [InlineData("current-context: a\ncontexts: [{name: a}]\n", "contexts[a].context.cluster")]
    [InlineData("current-context: a\ncontexts: [{name: a, context: {cluster: x}}]\nclusters: [{name: y, cluster: {}}]\n", "Clusters: y.")]
    [InlineData("current-context: a\ncontexts: [{name: a, context: {cluster: x}}]\nclusters: [{name: x, cluster: {server: 'https://h'}}]\n", "contexts[a].context.user")]
    [InlineData("current-context: a\ncontexts: [{name: a, context: {cluster: x, user: u}}]\nclusters: [{name: x, cluster: {server: 'https://h'}}]\n", "Users: none.")]
    public void The_error_names_the_file_and_what_is_wrong(string yaml, string expected)
    {
        var path = Write("broken", yaml);
        var message = ErrorOf(() => Connect(path));
        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.Contains(path, message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_context_that_was_asked_for_and_is_not_there_is_named()
    {
        var message = ErrorOf(() => Connect(WriteOne(), "staging"));
        Assert.Contains("'staging'", message, StringComparison.Ordinal);
        Assert.Contains("Contexts: one.", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../kube-system")]
    [InlineData("Orders")]
    [InlineData("-a")]
    public void A_namespace_that_is_none_is_refused(string name) =>
        Assert.Contains("contexts[one].context.namespace", ErrorOf(() => ConnectOne(context: $"{{cluster: one, user: one, namespace: '{name}'}}")), StringComparison.Ordinal);

    [Fact]
    public void Errors_of_entries_that_are_not_used_do_no_harm()
    {
        var path = Write("config", """
            current-context: good
            clusters: [{name: good, cluster: {server: 'https://h'}}, {name: bad, cluster: {server: nonsense}}]
            contexts: [{name: good, context: {cluster: good, user: good}}]
            users: [{name: good, user: {}}, {name: bad, user: {auth-provider: {name: gcp}}}]
            """);
        using var connection = Connect(path);
        Assert.Equal("h", connection.Server.Host);
    }

    [Fact]
    public void JSON_is_YAML_too()
    {
        using var connection = Connect(Write("config.json", """
            {"kind": "Config", "current-context": "c", "contexts": [{"name": "c", "context": {"cluster": "c", "user": "c", "namespace": "n"}}],
             "clusters": [{"name": "c", "cluster": {"server": "https://h"}}], "users": [{"name": "c", "user": {"token": "t"}}]}
            """));
        Assert.Equal("n", connection.Namespace);
    }
}
