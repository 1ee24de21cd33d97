using System.Security.Cryptography.X509Certificates;
using Flink.Kubernetes.HA.KubeClient.Authentication;
using Xunit;

namespace Flink.Kubernetes.HA.Tests.KubeClient.Authentication;

public sealed class KubeConfigUserTests : AuthenticationTest
{
    [Fact]
    public async Task A_user_without_anything_is_anonymous()
    {
        using var connection = ConnectOne(user: "{}");
        Assert.Null(await connection.Credential.GetTokenAsync(refresh: false, Cancellation));
        Assert.Null(connection.Credential.ClientCertificate);
    }

    [Fact]
    public async Task A_token_is_taken_as_it_is()
    {
        using var connection = ConnectOne(user: "{token: abc.def}");
        Assert.Equal("abc.def", await connection.Credential.GetTokenAsync(refresh: true, Cancellation));
    }

    [Fact]
    public async Task A_token_file_wins_over_a_token_and_is_read_again()
    {
        Write("token", "of-file");
        using var connection = ConnectOne(user: "{token: fixed, tokenFile: token}");
        Assert.Equal("of-file", await connection.Credential.GetTokenAsync(refresh: false, Cancellation));
        Write("token", "rotated");
        Clock.Advance(Reloading<string>.Interval);
        Assert.Equal("rotated", await connection.Credential.GetTokenAsync(refresh: false, Cancellation));
    }

    [Fact]
    public async Task Until_the_token_file_is_there_the_token_serves()
    {
        using var connection = ConnectOne(user: "{token: fixed, tokenFile: token}");
        Assert.Equal("fixed", await connection.Credential.GetTokenAsync(refresh: false, Cancellation));
        Write("token", "of-file");
        Assert.Equal("of-file", await connection.Credential.GetTokenAsync(refresh: true, Cancellation));
    }

    [Theory]
    [InlineData("RSA PKCS1")]
    [InlineData("RSA PKCS8")]
    [InlineData("EC SEC1")]
    [InlineData("EC SEC1 after its parameters")]
    [InlineData("EC PKCS8")]
    public async Task Client_certificates_of_every_form_are_read_from_data(string form)
    {
        var (certificate, key) = TestCertificates.Create(form);
        using var connection = ConnectOne(user: CertificateData(certificate, key));
        Assert.Null(await connection.Credential.GetTokenAsync(refresh: false, Cancellation));
        Assert.Equal("CN=admin", connection.Credential.ClientCertificate!.Subject);
        Assert.True(connection.Credential.ClientCertificate.HasPrivateKey);
    }

    [Fact]
    public void Data_wins_over_files_for_each_of_certificate_and_key()
    {
        var (certificate, key) = TestCertificates.Create("EC PKCS8");
        Write("admin.key", key);
        using var connection = ConnectOne(user: $"{{client-certificate: missing.crt, client-certificate-data: {TestCertificates.Base64(certificate)}, client-key: admin.key}}");
        Assert.True(connection.Credential.ClientCertificate!.HasPrivateKey);
    }

    [Fact]
    public void A_certificate_and_a_token_go_together()
    {
        var (certificate, key) = TestCertificates.Create("EC PKCS8");
        using var connection = ConnectOne(user: CertificateData(certificate, key)[..^1] + ", token: t}");
        Assert.NotNull(connection.Credential.ClientCertificate);
    }

    [Fact]
    public async Task Certificate_files_are_read_again_and_half_a_rotation_keeps_the_old_pair()
    {
        var (oldPair, newPair) = (TestCertificates.Create("EC PKCS8", "old"), TestCertificates.Create("RSA PKCS8", "new"));
        Write("c.crt", oldPair.Certificate);
        Write("c.key", oldPair.Key);
        using var connection = ConnectOne(user: "{client-certificate: c.crt, client-key: c.key}");
        var first = Certificate();
        Clock.Advance(Reloading<string>.Interval);
        Assert.Same(first, Certificate());

        Write("c.crt", newPair.Certificate);
        await connection.Credential.GetTokenAsync(refresh: true, Cancellation);
        Assert.Same(first, Certificate());
        Assert.Contains(Logged, l => l.Id == 150);

        Write("c.key", newPair.Key);
        await connection.Credential.GetTokenAsync(refresh: true, Cancellation);
        Assert.Equal("CN=new", Certificate().Subject);

        X509Certificate2 Certificate() => connection.Credential.ClientCertificate!;
    }

    [Theory]
    [InlineData("{username: me, password: SECRET}", "username", "token")]
    [InlineData("{password: SECRET}", "password", "exec plugin")]
    [InlineData("{auth-provider: {name: oidc}}", "auth-provider", "kubelogin")]
    [InlineData("{token: t, as: system:admin}", "as", "not supported")]
    [InlineData("{token: t, as-groups: [a]}", "as-groups", "not supported")]
    [InlineData("{token: 'SECRET in words'}", "token", "white space")]
    [InlineData("{tokenFile: missing}", "tokenFile", "missing")]
    [InlineData("{client-certificate: a.crt}", "client-key-data", "without its private key")]
    [InlineData("{client-key-data: U0VDUkVU}", "client-certificate-data", "without its certificate")]
    [InlineData("{client-certificate-data: '%SECRET', client-key-data: U0VDUkVU}", "client-certificate-data", "base64")]
    [InlineData("{client-certificate-data: U0VDUkVU, client-key-data: U0VDUkVU}", "users[one].user", "PEM")]
    [InlineData("{client-certificate: a.crt, client-key: a.key}", "client-certificate", "a.crt")]
    [InlineData("{token: {a: b}}", "token", "text")]
    public void What_is_wrong_with_a_user_is_named(string user, string field, string expected)
    {
        var message = ErrorOf(() => ConnectOne(user: user));
        Assert.Contains(field, message, StringComparison.Ordinal);
        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.Contains("users[one].user", message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_encrypted_key_and_a_key_of_another_certificate_are_told_apart()
    {
        var encrypted = TestCertificates.Create("RSA encrypted");
        var other = TestCertificates.Create("RSA PKCS8");
        Assert.Contains("Decrypt it", ErrorOf(() => ConnectOne(user: CertificateData(encrypted.Certificate, encrypted.Key))), StringComparison.Ordinal);
        Assert.Contains("belongs to the certificate", ErrorOf(() => ConnectOne(user: CertificateData(encrypted.Certificate, other.Key))), StringComparison.Ordinal);
    }

    [Fact]
    public void Without_TLS_credentials_go_to_this_machine_only()
    {
        var (certificate, key) = TestCertificates.Create("EC PKCS8");
        using var loopback = ConnectOne("{server: 'http://127.0.0.1:8001'}");
        using var anonymous = ConnectOne("{server: 'http://proxy:8001'}", "{}");
        Assert.Contains("in the clear", ErrorOf(() => ConnectOne("{server: 'http://proxy:8001'}", "{token: SECRET}")), StringComparison.Ordinal);
        Assert.Contains("needs TLS", ErrorOf(() => ConnectOne("{server: 'http://127.0.0.1:8001'}", CertificateData(certificate, key))), StringComparison.Ordinal);
    }

    [Fact]
    public void A_plugin_is_not_asked_where_there_is_another_credential()
    {
        using var connection = ConnectOne(user: "{token: t, exec: {apiVersion: client.authentication.k8s.io/v1, command: nothing-like-it}}");
        Assert.IsType<FileCredential>(connection.Credential);
    }

    private static string CertificateData(string certificate, string key) =>
        $"{{client-certificate-data: {TestCertificates.Base64(certificate)}, client-key-data: {TestCertificates.Base64(key)}}}";
}
