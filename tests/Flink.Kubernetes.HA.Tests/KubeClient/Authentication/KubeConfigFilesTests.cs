using Flink.Kubernetes.HA.KubeClient;
using Xunit;

namespace Flink.Kubernetes.HA.Tests.KubeClient.Authentication;

public sealed class KubeConfigFilesTests : AuthenticationTest
{
    private string Kubeconfig
    {
        set => Variables["KUBECONFIG"] = value;
    }

    [Fact]
    public async Task Of_several_files_the_first_to_name_an_entry_wins()
    {
        var first = WriteConfig("a/config", "a", "https://first:6443", "first", currentContext: "shared");
        var second = WriteConfig("b/config", "b", "https://second:6443", "second", currentContext: "b");
        Kubeconfig = $"{first}{Path.PathSeparator}{Path.Combine(Folder, "missing")}{Path.PathSeparator}{Path.PathSeparator}{second}{Path.PathSeparator}{first}";

        using var current = Connect(path: null);
        using var ofSecondFile = Connect(path: null, "b");

        Assert.Equal("first", current.Server.Host);
        Assert.Equal("first", await current.Credential.GetTokenAsync(refresh: false, Cancellation));
        Assert.Equal("second", ofSecondFile.Server.Host);
        Assert.Equal("ns-b", ofSecondFile.Namespace);
    }

    [Fact]
    public void A_context_of_one_file_can_name_the_cluster_and_user_of_others()
    {
        var contexts = Write("contexts", "current-context: c\ncontexts: [{name: c, context: {cluster: x, user: y}}]");
        var clusters = Write("clusters", "clusters: [{name: x, cluster: {server: 'https://x:1'}}]");
        var users = Write("users", "users: [{name: y, user: {token: t}}]");
        Kubeconfig = string.Join(Path.PathSeparator, contexts, clusters, users);
        using var connection = Connect(path: null);
        Assert.Equal("x", connection.Server.Host);
        Assert.Equal("default", connection.Namespace);
    }

    [Fact]
    public async Task Relative_paths_start_at_the_file_that_names_them()
    {
        var (certificate, key) = TestCertificates.Create("EC PKCS8");
        Write("b/pki/ca.crt", certificate);
        Write("b/pki/client.crt", certificate);
        Write("b/pki/client.key", key);
        Write("b/token", "of-b");
        var first = Write("a/config", "current-context: c\ncontexts: [{name: c, context: {cluster: x, user: y}}]");
        var second = Write("b/config", """
            clusters: [{name: x, cluster: {server: 'https://x:1', certificate-authority: pki/ca.crt}}]
            users: [{name: y, user: {tokenFile: token, client-certificate: pki/client.crt, client-key: ../b/pki/client.key}}]
            """);
        Kubeconfig = $"{first}{Path.PathSeparator}{second}";

        using var connection = Connect(path: null);

        Assert.Single(connection.Tls.CertificateAuthorities!);
        Assert.True(connection.Credential.ClientCertificate!.HasPrivateKey);
        Assert.Equal("of-b", await connection.Credential.GetTokenAsync(refresh: false, Cancellation));
    }

    [Fact]
    public void Without_KUBECONFIG_the_home_directory_is_looked_at()
    {
        WriteConfig("home/.kube/config", "h", "https://home:1", "t", "h");
        using var connection = Connect(path: null);
        Assert.Equal("home", connection.Server.Host);
    }

    [Fact]
    public void A_path_that_is_given_goes_before_KUBECONFIG()
    {
        Kubeconfig = WriteConfig("a", "a", "https://a:1", "t", "a");
        using var connection = Connect(WriteConfig("b", "b", "https://b:1", "t", "b"));
        Assert.Equal("b", connection.Server.Host);
    }

    [Fact]
    public void Missing_files_are_named()
    {
        Assert.Contains(Path.Combine(Folder, "nowhere"), ErrorOf(() => Connect(Path.Combine(Folder, "nowhere"))), StringComparison.Ordinal);
        Assert.Contains(Path.Combine(Folder, "home/.kube/config"), ErrorOf(() => Connect(path: null)), StringComparison.Ordinal);
        Kubeconfig = "/nowhere/a:/nowhere/b";
        Assert.Contains("/nowhere/a:/nowhere/b", ErrorOf(() => Connect(path: null)), StringComparison.Ordinal);
        Assert.Contains(Folder, ErrorOf(() => Connect(Folder)), StringComparison.Ordinal);
    }

    [Fact]
    public void The_default_is_the_kubeconfig_before_the_pod()
    {
        ActAsPod();
        Kubeconfig = WriteConfig("a", "a", "https://a:1", "t", "a");
        using var connection = KubeConnection.Default(TestEnvironment);
        Assert.Equal("a", connection.Server.Host);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("apiVersion: v1\nkind: Config\nclusters: null\ncontexts: []\ncurrent-context: ''\n")]
    public void The_default_is_the_pod_when_there_is_no_kubeconfig_or_an_empty_one(string? content)
    {
        ActAsPod();
        Kubeconfig = content is null ? Path.Combine(Folder, "missing") : Write("empty", content);
        using var connection = KubeConnection.Default(TestEnvironment);
        Assert.Equal("10.0.0.1", connection.Server.Host);
    }

    [Fact]
    public void A_broken_kubeconfig_is_not_passed_over_for_the_pod()
    {
        ActAsPod();
        Kubeconfig = Write("broken", "clusters: [");
        Assert.Contains("YAML", ErrorOf(() => KubeConnection.Default(TestEnvironment)), StringComparison.Ordinal);
    }

    [Fact]
    public void With_neither_the_error_names_all_that_was_tried()
    {
        var message = ErrorOf(() => KubeConnection.Default(TestEnvironment));
        Assert.Contains(Path.Combine(Folder, "home/.kube/config"), message, StringComparison.Ordinal);
        Assert.Contains("KUBECONFIG is not set", message, StringComparison.Ordinal);
        Assert.Contains("KUBERNETES_SERVICE_HOST", message, StringComparison.Ordinal);

        Kubeconfig = Write("empty", string.Empty);
        Assert.Contains(Path.Combine(Folder, "empty"), ErrorOf(() => KubeConnection.Default(TestEnvironment)), StringComparison.Ordinal);
    }

    private void ActAsPod()
    {
        (Variables["KUBERNETES_SERVICE_HOST"], Variables["KUBERNETES_SERVICE_PORT"]) = ("10.0.0.1", "443");
        Write("serviceaccount/token", "t");
    }

    private string WriteConfig(string name, string own, string server, string token, string currentContext) => Write(name, $$"""
        apiVersion: v1
        kind: Config
        preferences: {}
        current-context: {{currentContext}}
        clusters:
        - {name: shared, cluster: {server: '{{server}}'} }
        - {name: {{own}}, cluster: {server: '{{server}}'} }
        contexts:
        - {name: shared, context: {cluster: shared, user: shared} }
        - {name: {{own}}, context: {cluster: {{own}}, user: shared, namespace: 'ns-{{own}}'} }
        users:
        - name: shared
          user:
            token: {{token}}
        """);
}
