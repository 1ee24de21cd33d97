using Flink.Kubernetes.HA.Connection;
using FluentAssertions;

namespace Flink.Kubernetes.HA.Tests.Connection;

/// <summary>What a kubeconfig means, and what is wrong with it.</summary>
public sealed class KubeConfigTests : ConnectionTest
{
    private static readonly string Authority = TestAuthority.Root().Pem;

    /// <summary>As kubectl writes it itself.</summary>
    private const string NoUser = """
        apiVersion: v1
        clusters:
        - cluster:
            server: http://127.0.0.1:18001
          name: c
        contexts:
        - context:
            cluster: c
            user: ""
          name: c
        current-context: c
        kind: Config
        preferences: {}
        users: null
        """;

    private const string EmptyUser = """
        apiVersion: v1
        kind: Config
        clusters: [{name: c, cluster: {server: "http://127.0.0.1:18001"}}]
        contexts: [{name: c, context: {cluster: c, user: ""}}]
        current-context: c
        users: null
        """;

    private const string TwoDocuments = """
        apiVersion: v1
        kind: Config
        clusters: [{name: blue, cluster: {server: "http://127.0.0.1:18001"}}]
        contexts: [{name: blue, context: {cluster: blue, user: blue}}]
        current-context: blue
        users: [{name: blue, user: {token: blue-token}}]
        ---
        apiVersion: v1
        kind: Config
        clusters: [{name: green, cluster: {server: "http://127.0.0.1:18001"}}]
        contexts: [{name: green, context: {cluster: green, user: green}}]
        current-context: green
        users: [{name: green, user: {token: green-token}}]
        """;

    private const string OidcBesideAToken = """
        apiVersion: v1
        kind: Config
        clusters:
        - {name: prod, cluster: {server: "https://127.0.0.1:6443", insecure-skip-tls-verify: true}}
        contexts:
        - {name: prod, context: {cluster: prod, user: u}}
        current-context: prod
        users:
        - name: u
          user:
            token: static-token
            auth-provider: {name: oidc, config: {client-id: kubernetes, idp-issuer-url: "https://idp.example.com"}}
        """;

    [Theory]
    [InlineData(NoUser)]
    [InlineData(EmptyUser)]
    [InlineData("current-context: c\ncontexts: [{name: c, context: {cluster: c}}]\nclusters: [{name: c, cluster: {server: 'http://127.0.0.1:18001'}}]")]
    [InlineData("current-context: c\ncontexts: [{name: c, context: {cluster: c, user: gone}}]\nclusters: [{name: c, cluster: {server: 'http://127.0.0.1:18001'}}]")]
    [InlineData("current-context: c\ncontexts: [{name: c, context: {cluster: c, user: u}}]\nclusters: [{name: c, cluster: {server: 'http://127.0.0.1:18001'}}]\nusers: [{name: u, user: {}}]")]
    public void A_context_without_a_user_is_anonymous_as_for_kubectl(string yaml)
    {
        var configuration = Load(Write("config", yaml));

        configuration.Host.Should().Be("http://127.0.0.1:18001/");
        ConnectionSettings.Read(configuration, TestEnvironment).IsAnonymous.Should().BeTrue();
        Logged.Any(l => l.Id == 116).Should().Be(yaml.Contains("gone", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("blue")]
    [InlineData("green")]
    public void A_second_document_is_named(string context) =>
        ErrorOf(() => Load(Write("config", TwoDocuments), context)).Should().Contain("second document begins at line 8").And.Contain("KUBECONFIG");

    [Theory]
    [InlineData("---\n", "")]
    [InlineData("", "\n---\n")]
    [InlineData("# nothing yet\n---\n", "\n...\n---\n# nothing more\n")]
    public void An_empty_document_before_or_after_is_none(string before, string after) =>
        Load(Write("config", before + EmptyUser + after)).Host.Should().Be("http://127.0.0.1:18001/");

    [Fact]
    public async Task A_token_overrides_the_auth_provider_beside_it()
    {
        var settings = ConnectionSettings.Read(Load(Write("config", OidcBesideAToken)), TestEnvironment);

        (await settings.Credential!.GetAsync(refresh: false, Cancellation))!.ToString().Should().Be("Bearer static-token");
    }

    [Fact]
    public void A_plugin_is_not_asked_where_there_is_another_credential() =>
        LoadOne(user: "{token: t, exec: {apiVersion: client.authentication.k8s.io/v1, command: nothing-like-it}}").Exec.Should().BeNull();

    [Fact]
    public async Task A_token_file_goes_before_the_token_which_serves_until_the_file_is_there()
    {
        using var credential = ConnectionSettings.Read(LoadOne(user: "{token: fixed, tokenFile: token}"), TestEnvironment).Credential!;
        (await credential.GetAsync(refresh: false, Cancellation))!.Parameter.Should().Be("fixed");
        Write("token", "of-file");
        (await credential.GetAsync(refresh: true, Cancellation))!.Parameter.Should().Be("of-file");
    }

    [Fact]
    public void The_address_may_have_a_path_but_no_query() =>
        LoadOne("{server: 'https://rancher/k8s/clusters/c-1?x=y#z'}").Host.Should().Be("https://rancher/k8s/clusters/c-1");

    [Fact]
    public void Data_goes_before_the_file()
    {
        var configuration = LoadOne($"{{server: 'https://h', tls-server-name: n, certificate-authority: missing.crt, certificate-authority-data: {TestAuthority.Base64(Authority + Authority)}}}");

        configuration.SslCaCerts.Should().HaveCount(2);
        configuration.TlsServerName.Should().Be("n");
    }

    [Theory]
    [InlineData("http://proxy:3128")]
    [InlineData("https://proxy:3129")]
    [InlineData("socks5://[::1]:1080")]
    public void Proxies_are_taken_over(string proxy) =>
        LoadOne($"{{server: 'https://h', proxy-url: '{proxy}'}}").Proxy!.Address.Should().Be(new Uri(proxy));

    [Fact]
    public void A_member_that_is_not_known_is_logged()
    {
        LoadOne(user: "{token: t, tokenfile: x}");
        Logged.Should().ContainSingle(l => l.Id == 115 && l.Text.Contains("users[one].user.tokenfile", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("{}", "server")]
    [InlineData("{server: ''}", "server")]
    [InlineData("{server: 'localhost:8080'}", "localhost:8080")]
    [InlineData("{server: /k8s}", "/k8s")]
    [InlineData("{server: 'https://me:SECRET@h'}", "users")]
    [InlineData("{server: [a]}", "text")]
    [InlineData("{server: 'https://h', insecure-skip-tls-verify: perhaps}", "perhaps")]
    [InlineData("{server: 'https://h', certificate-authority-data: '!SECRET!'}", "base64")]
    [InlineData("{server: 'https://h', certificate-authority-data: U0VDUkVU}", "no certificate")]
    [InlineData("{server: 'https://h', certificate-authority-data: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCkFBQUEKLS0tLS1FTkQgQ0VSVElGSUNBVEUtLS0tLQo=}", "certificate-authority-data: a certificate is damaged")]
    [InlineData("{server: 'https://h', certificate-authority: missing.crt}", "missing.crt")]
    [InlineData("{server: 'http://h', certificate-authority: x.crt}", "without TLS")]
    [InlineData("{server: 'https://h', proxy-url: 'ftp://user:SECRET@proxy'}", "socks5://")]
    [InlineData("{server: 'https://h', proxy-url: 'user:SECRET@proxy:3128'}", "socks5://")]
    [InlineData("{server: 'https://h', <<: {a: b}}", "not supported")]
    [InlineData("[SECRET]", "keys and values")]
    public void What_is_wrong_with_a_cluster_is_named(string cluster, string expected) =>
        ErrorOf(() => LoadOne(cluster)).Should().Contain(expected).And.Contain(Path.Combine(Folder, "config"));

    [Fact]
    public void An_authority_that_is_skipped_anyway_is_a_contradiction() =>
        ErrorOf(() => LoadOne($"{{server: 'https://h', insecure-skip-tls-verify: true, certificate-authority-data: {TestAuthority.Base64(Authority)}}}")).Should().Contain("insecure-skip-tls-verify");

    [Theory]
    [InlineData("{token: t, as: system:admin}", "as (line 6) (impersonation)", "not supported")]
    [InlineData("{token: t, as-groups: [a]}", "as-groups", "not supported")]
    [InlineData("{username: me, password: SECRET}", "username", "token")]
    [InlineData("{auth-provider: {name: oidc}}", "auth-provider", "kubelogin")]
    [InlineData("{token: 'SECRET in words'}", "token", "white space")]
    [InlineData("{tokenFile: missing}", "tokenFile", "missing")]
    [InlineData("{client-certificate: a.crt}", "client-key-data", "without its private key")]
    [InlineData("{client-key-data: U0VDUkVU}", "client-certificate-data", "without its client certificate")]
    [InlineData("{client-certificate-data: '%SECRET', client-key-data: U0VDUkVU}", "client-certificate-data", "base64")]
    [InlineData("{client-certificate-data: U0VDUkVU, client-key-data: U0VDUkVU}", "client certificate", "PEM")]
    [InlineData("{client-certificate: a.crt, client-key: a.key}", "client-certificate", "a.crt")]
    [InlineData("{token: {a: b}}", "token", "text")]
    public void What_is_wrong_with_a_user_is_named(string user, string field, string expected) =>
        ErrorOf(() => LoadOne(user: user)).Should().Contain(field).And.Contain(expected).And.Contain("users[one].user");

    [Fact]
    public void A_key_that_is_encrypted_or_of_another_certificate_is_named_as_that()
    {
        var root = TestAuthority.Root();
        Write("c.crt", root.Client("c").ExportCertificatePem());
        Write("encrypted.key", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nSECRET\n-----END ENCRYPTED PRIVATE KEY-----\n");
        Write("other.key", TestAuthority.KeyPem(root.Client("d")));

        ErrorOf(() => LoadOne(user: "{client-certificate: c.crt, client-key: encrypted.key}")).Should().Contain("Decrypt it");
        ErrorOf(() => LoadOne(user: "{client-certificate: c.crt, client-key: other.key}")).Should().Contain("belongs to the certificate");
    }

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
    [InlineData("users: [{name: a, user: {}}]\n", "no current-context")]
    [InlineData("current-context: A\ncontexts: [{name: a, context: {}}]\n", "Contexts: a.")]
    [InlineData("current-context: a\ncontexts: [{name: a}]\n", "contexts[a].context.cluster")]
    [InlineData("current-context: a\ncontexts: [{name: a, context: {cluster: x}}]\nclusters: [{name: y, cluster: {}}]\n", "Clusters: y.")]
    public void The_error_names_the_file_and_what_is_wrong(string yaml, string expected)
    {
        var path = Write("broken", yaml);
        ErrorOf(() => Load(path)).Should().Contain(expected).And.Contain(path);
    }

    [Fact]
    public void A_context_that_was_asked_for_and_is_not_there_is_named() =>
        ErrorOf(() => Load(WriteOne(), "One")).Should().Contain("'One'").And.Contain("Contexts: one.");

    [Theory]
    [InlineData("../kube-system")]
    [InlineData("Orders")]
    [InlineData("-a")]
    public void A_namespace_that_is_none_is_refused(string name) =>
        ErrorOf(() => LoadOne(context: $"{{cluster: one, user: one, namespace: '{name}'}}")).Should().Contain("contexts[one].context.namespace");

    [Fact]
    public void Errors_of_entries_that_are_not_used_do_no_harm() => Load(Write("config", """
        current-context: good
        clusters: [{name: good, cluster: {server: 'https://h'}}, {name: bad, cluster: {server: nonsense}}]
        contexts: [{name: good, context: {cluster: good, user: good, namespace: n}}]
        users: [{name: good, user: {}}, {name: bad, user: {auth-provider: {name: gcp}}}]
        """)).Namespace.Should().Be("n");
}
