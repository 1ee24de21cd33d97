using Xunit;

namespace Flink.Kubernetes.HA.Tests.KubeClient.Authentication;

public sealed class KubeConfigClusterTests : AuthenticationTest
{
    private static readonly string Authority = TestCertificates.Create("EC PKCS8", "ca").Certificate;

    [Fact]
    public void The_address_may_have_a_path_but_no_query()
    {
        using var connection = ConnectOne("{server: 'https://rancher/k8s/clusters/c-1?x=y#z'}");
        Assert.Equal("https://rancher/k8s/clusters/c-1", connection.Server.AbsoluteUri);
        Assert.Null(connection.Tls.CertificateAuthorities);
        Assert.Null(connection.Tls.ServerName);
    }

    [Fact]
    public void Authority_data_wins_over_the_file()
    {
        using var connection = ConnectOne($"{{server: 'https://h', certificate-authority: missing.crt, certificate-authority-data: {TestCertificates.Base64($"{Authority}\n{Authority}")}}}");
        Assert.Equal(2, connection.Tls.CertificateAuthorities!.Count);
    }

    [Fact]
    public void Tls_server_name_and_skipped_verification_are_taken_over_and_the_latter_is_logged()
    {
        using var connection = ConnectOne("{server: 'https://h', tls-server-name: kubernetes.default, insecure-skip-tls-verify: true}");
        Assert.Equal("kubernetes.default", connection.Tls.ServerName);
        Assert.True(connection.Tls.SkipServerVerification);
        Assert.Contains(Logged, l => l.Id == 152);
    }

    [Theory]
    [InlineData("http://proxy:3128")]
    [InlineData("https://user:pw@proxy:3129")]
    [InlineData("socks5://[::1]:1080")]
    public void Proxies_are_taken_over(string proxy)
    {
        using var connection = ConnectOne($"{{server: 'https://h', proxy-url: '{proxy}'}}");
        Assert.Equal(new Uri(proxy), connection.Proxy);
    }

    [Theory]
    [InlineData("ftp://user:SECRET@proxy")]
    [InlineData("proxy:3128")]
    [InlineData("user:SECRET@proxy:3128")]
    public void Other_proxies_are_refused_without_showing_a_password(string proxy) =>
        Assert.Contains("socks5://", ErrorOf(() => ConnectOne($"{{server: 'https://h', proxy-url: '{proxy}'}}")), StringComparison.Ordinal);

    [Theory]
    [InlineData("{}", "server")]
    [InlineData("{server: ''}", "server")]
    [InlineData("{server: 'localhost:8080'}", "localhost:8080")]
    [InlineData("{server: /k8s}", "/k8s")]
    [InlineData("{server: 'ftp://h'}", "ftp://h")]
    [InlineData("{server: 'https://me:SECRET@h'}", "users")]
    [InlineData("{server: [a]}", "text")]
    [InlineData("{server: 'https://h', insecure-skip-tls-verify: perhaps}", "perhaps")]
    [InlineData("{server: 'https://h', certificate-authority-data: '!SECRET!'}", "base64")]
    [InlineData("{server: 'https://h', certificate-authority-data: U0VDUkVU}", "no certificate")]
    [InlineData("{server: 'https://h', certificate-authority: missing.crt}", "missing.crt")]
    [InlineData("{server: 'http://h', certificate-authority: x.crt}", "without TLS")]
    [InlineData("{server: 'http://h', tls-server-name: x}", "without TLS")]
    [InlineData("[SECRET]", "keys and values")]
    public void What_is_wrong_with_a_cluster_is_named(string cluster, string expected)
    {
        var message = ErrorOf(() => ConnectOne(cluster));
        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.Contains(Path.Combine(Folder, "config"), message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_authority_that_is_skipped_anyway_is_a_contradiction() =>
        Assert.Contains("insecure-skip-tls-verify", ErrorOf(() => ConnectOne($"{{server: 'https://h', insecure-skip-tls-verify: true, certificate-authority-data: {TestCertificates.Base64(Authority)}}}")), StringComparison.Ordinal);

    [Fact]
    public void A_damaged_authority_is_named() =>
        Assert.Contains("clusters[one].cluster.certificate-authority-data", ErrorOf(() => ConnectOne($"{{server: 'https://h', certificate-authority-data: {TestCertificates.Base64("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")}}}")), StringComparison.Ordinal);
}
