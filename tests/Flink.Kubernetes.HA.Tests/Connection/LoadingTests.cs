using Flink.Kubernetes.HA.Connection;
using FluentAssertions;

namespace Flink.Kubernetes.HA.Tests.Connection;

/// <summary>Which configuration is found: that of kubectl, else the pod's, never one that nobody has named.</summary>
public sealed class LoadingTests : ConnectionTest
{
    private string KubeConfig
    {
        set => Variables["KUBECONFIG"] = value;
    }

    [Fact]
    public void Of_several_files_the_first_to_name_an_entry_wins_and_missing_ones_are_passed_over()
    {
        var first = WriteConfig("a/config", "a", "https://first:6443", currentContext: "shared");
        var second = WriteConfig("b/config", "b", "https://second:6443", currentContext: "b");
        KubeConfig = $"{first}{Path.PathSeparator}{Path.Combine(Folder, "missing")}{Path.PathSeparator}{Path.PathSeparator}{second}{Path.PathSeparator}{first}";

        Load().Host.Should().Be("https://first:6443/");
        Load(context: "b").Should().Match<ApiServerConfiguration>(c => c.Host == "https://second:6443/" && c.Namespace == "ns-b");
    }

    [Fact]
    public void A_context_of_one_file_can_name_the_cluster_and_user_of_others()
    {
        var contexts = Write("contexts", "current-context: c\ncontexts: [{name: c, context: {cluster: x, user: y}}]");
        var clusters = Write("clusters", "clusters: [{name: x, cluster: {server: 'https://x:1'}}]");
        var users = Write("users", "users: [{name: y, user: {token: t}}]");
        KubeConfig = string.Join(Path.PathSeparator, contexts, clusters, users);

        Load().Should().Match<ApiServerConfiguration>(c => c.Host == "https://x:1/" && c.AccessToken == "t" && c.Namespace == "default");
    }

    [Fact]
    public void Relative_paths_start_at_the_file_that_names_them()
    {
        Write("b/pki/ca.crt", TestAuthority.Root().Pem);
        var first = Write("a/config", "current-context: c\ncontexts: [{name: c, context: {cluster: x, user: y}}]");
        var second = Write("b/config", """
            clusters: [{name: x, cluster: {server: 'https://x:1', certificate-authority: pki/ca.crt}}]
            users: [{name: y, user: {tokenFile: token, client-certificate: pki/client.crt, client-key: ../b/pki/client.key}}]
            """);
        KubeConfig = $"{first}{Path.PathSeparator}{second}";

        var configuration = Load();

        configuration.SslCaCerts.Should().ContainSingle();
        new[] { configuration.TokenFile!.Path, configuration.ClientCertificateFilePath, configuration.ClientKeyFilePath }
            .Should().Equal(new[] { "b/token", "b/pki/client.crt", "b/pki/client.key" }.Select(name => Path.Combine(Folder, name)));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public void Without_KUBECONFIG_or_with_an_empty_one_the_home_directory_is_looked_at(string? variable)
    {
        KubeConfig = variable!;
        WriteConfig("home/.kube/config", "h", "https://home:1", "h");

        Load().Host.Should().Be("https://home:1/");
    }

    [Fact]
    public void A_path_that_is_given_goes_before_KUBECONFIG()
    {
        KubeConfig = WriteConfig("a", "a", "https://a:1", "a");

        Load(WriteConfig("b", "b", "https://b:1", "b")).Host.Should().Be("https://b:1/");
    }

    [Fact]
    public void Missing_files_are_named()
    {
        ErrorOf(() => Load(Path.Combine(Folder, "nowhere"))).Should().Contain(Path.Combine(Folder, "nowhere"));
        ErrorOf(() => Load(context: "prod")).Should().Contain(Path.Combine(Folder, "home/.kube/config"));
        ErrorOf(() => Load(Folder)).Should().Contain(Folder);
        KubeConfig = "/nowhere/a:/nowhere/b";
        ErrorOf(() => Load()).Should().Contain("/nowhere/a:/nowhere/b");
    }

    [Fact]
    public void The_kubeconfig_goes_before_the_pod()
    {
        ActAsPod();
        KubeConfig = WriteConfig("a", "a", "https://a:1", "a");

        Load().Host.Should().Be("https://a:1/");
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("apiVersion: v1\nkind: Config\nclusters: null\ncontexts: []\ncurrent-context: ''\n")]
    public void The_pod_is_taken_when_there_is_no_kubeconfig_or_an_empty_one(string? content)
    {
        ActAsPod();
        KubeConfig = content is null ? Path.Combine(Folder, "missing") : Write("empty", content);

        Load().Host.Should().Be("https://10.0.0.1/");
    }

    [Fact]
    public void A_broken_kubeconfig_is_not_passed_over_for_the_pod()
    {
        ActAsPod();
        KubeConfig = Write("broken", "clusters: [");

        ErrorOf(() => Load()).Should().Contain("YAML");
    }

    [Fact]
    public void With_nothing_configured_the_error_names_all_that_was_tried()
    {
        ErrorOf(() => Load()).Should().Contain(Path.Combine(Folder, "home/.kube/config")).And.Contain("KUBECONFIG is not set").And.Contain("KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT not set");
        KubeConfig = Write("empty", string.Empty);
        ErrorOf(() => Load()).Should().Contain(Path.Combine(Folder, "empty"));
        ActAsPod();
        File.Delete(Path.Combine(Folder, "serviceaccount/token"));
        ErrorOf(() => Load()).Should().Contain(Path.Combine(Folder, "serviceaccount/token"));
    }

    [Fact]
    public void A_pod_has_its_service_account()
    {
        ActAsPod();
        Write("serviceaccount/ca.crt", TestAuthority.Root("ca-1").Pem + TestAuthority.Root("ca-2").Pem);
        Write("serviceaccount/namespace", " orders\n");

        var configuration = Load();

        configuration.Namespace.Should().Be("orders");
        configuration.SslCaCerts.Should().HaveCount(2);
        configuration.TokenFile!.Path.Should().Be(Path.Combine(Folder, "serviceaccount/token"));
        Logged.Should().BeEmpty();
    }

    [Theory]
    [InlineData("fd00::1", "6443", "https://[fd00::1]:6443/")]
    [InlineData("[fd00::1]", "6443", "https://[fd00::1]:6443/")]
    [InlineData("kubernetes.default.svc", "443", "https://kubernetes.default.svc/")]
    public void Every_form_of_host_becomes_an_address(string host, string port, string expected)
    {
        ActAsPod(host, port);
        Load().Host.Should().Be(expected);
        Logged.Should().Contain(l => l.Id == 114);
    }

    [Theory]
    [InlineData("10.0.0.1", "tcp://10.0.0.1:443")]
    [InlineData("evil@10.0.0.1", "443")]
    [InlineData("10.0.0.1/x", "443")]
    public void A_host_and_port_that_make_no_address_are_named(string host, string port)
    {
        ActAsPod(host, port);
        ErrorOf(() => Load()).Should().Contain($"'{host}'").And.Contain($"'{port}'");
    }

    [Theory]
    [InlineData("elsewhere", "elsewhere")]
    [InlineData(" elsewhere\n", "elsewhere")]
    [InlineData("", "default")]
    public void POD_NAMESPACE_goes_before_the_file(string value, string expected)
    {
        ActAsPod();
        Variables["POD_NAMESPACE"] = value;
        Load().Namespace.Should().Be(expected);
    }

    [Fact]
    public void A_namespace_that_is_none_is_refused()
    {
        ActAsPod();
        Variables["POD_NAMESPACE"] = "../../secrets";
        ErrorOf(() => Load()).Should().Contain("POD_NAMESPACE");
    }

    private void ActAsPod(string host = "10.0.0.1", string port = "443")
    {
        (Variables["KUBERNETES_SERVICE_HOST"], Variables["KUBERNETES_SERVICE_PORT"]) = (host, port);
        Write("serviceaccount/token", "t");
    }

    private string WriteConfig(string name, string own, string server, string currentContext) => Write(name, $$"""
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
          user: {token: t}
        """);
}
