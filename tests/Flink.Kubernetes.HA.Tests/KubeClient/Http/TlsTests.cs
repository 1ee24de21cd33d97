using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.KubeClient.Authentication;
using Xunit;
using static Flink.Kubernetes.HA.Tests.KubeClient.Http.HttpTestClient;

namespace Flink.Kubernetes.HA.Tests.KubeClient.Http;

public sealed class TlsTests : IDisposable
{
    private readonly TestCertificates _certificates = new();

    public void Dispose() => _certificates.Dispose();

    [Fact]
    public async Task A_server_of_the_clusters_own_authority_is_trusted_on_every_connection()
    {
        await using var server = Serve(_certificates.Server("api", IPAddress.Loopback), Closing(ConfigMapJson), ScriptedServer.Answer(ConfigMapJson));
        await using var client = Connect(server, new TlsSettings { CertificateAuthorities = [_certificates.Authority] });

        await client.GetAsync(KubeResources.ConfigMaps, Key, Token);
        await client.GetAsync(KubeResources.ConfigMaps, Key, Token);

        Assert.Equal(2, server.Requests.Count);
    }

    [Fact]
    public async Task A_server_of_another_authority_is_refused_before_the_token_is_sent()
    {
        using var others = new TestCertificates();
        await using var server = Serve(_certificates.Server("api", IPAddress.Loopback), ScriptedServer.Answer(ConfigMapJson));
        await using var client = Connect(server, new TlsSettings { CertificateAuthorities = [others.Authority] });

        var failure = await FailureOf(() => client.PatchAsync(KubeResources.ConfigMaps, Key, Patch, Token));

        Assert.Equal((KubeFailure.Unavailable, false), (failure.Failure, failure.IsOutcomeUnknown));
        Assert.Contains("certificate-authority", failure.Message, StringComparison.Ordinal);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task The_servers_name_can_be_told_apart_from_its_address()
    {
        await using var server = Serve(_certificates.Server("kubernetes.default"), ScriptedServer.Answer(ConfigMapJson));
        var tls = new TlsSettings { CertificateAuthorities = [_certificates.Authority] };
        await using var byAddress = Connect(server, tls);
        await using var byName = Connect(server, tls with { ServerName = "kubernetes.default" });

        await FailureOf(() => byAddress.GetAsync(KubeResources.ConfigMaps, Key, Token));
        await byName.GetAsync(KubeResources.ConfigMaps, Key, Token);

        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task Verification_is_left_out_only_on_demand()
    {
        await using var server = Serve(_certificates.Server("other"), ScriptedServer.Answer(ConfigMapJson));
        await using var strict = Connect(server, new TlsSettings());
        await using var lax = Connect(server, new TlsSettings { SkipServerVerification = true });

        await FailureOf(() => strict.GetAsync(KubeResources.ConfigMaps, Key, Token));
        await lax.GetAsync(KubeResources.ConfigMaps, Key, Token);

        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task A_new_client_certificate_is_used_once_the_old_one_is_refused()
    {
        var seen = new List<string>();
        var tls = Options(_certificates.Server("api", IPAddress.Loopback));
        tls.ClientCertificateRequired = true;
#pragma warning disable CA5359 // The test's server looks on.
        tls.RemoteCertificateValidationCallback = (_, certificate, _, _) =>
        {
            seen.Add(certificate?.Subject ?? "none");
            return true;
        };
#pragma warning restore CA5359
        await using var server = new ScriptedServer(tls, Closing("{}", "401 Unauthorized"), ScriptedServer.Answer(ConfigMapJson));
        var credential = new RotatingCertificate(_certificates.Client("old"), _certificates.Client("new"));
        await using var client = Connect(server, new TlsSettings { CertificateAuthorities = [_certificates.Authority] }, credential);

        await client.GetAsync(KubeResources.ConfigMaps, Key, Token);

        Assert.Equal(["CN=old", "CN=new"], seen);
    }

    private static ScriptedServer.Reaction Closing(string body, string status = "200 OK") => async (stream, cancel) =>
    {
        await stream.WriteAsync(System.Text.Encoding.UTF8.GetBytes($"HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {body.Length}\r\n\r\n{body}"), cancel);
        return false;
    };

    private static SslServerAuthenticationOptions Options(X509Certificate2 certificate) => new()
    {
        ServerCertificateContext = SslStreamCertificateContext.Create(certificate, null, offline: true),
    };

    private static ScriptedServer Serve(X509Certificate2 certificate, params ScriptedServer.Reaction[] script) => new(Options(certificate), script);

    private static HttpKubeClient Connect(ScriptedServer server, TlsSettings tls, KubeCredential? credential = null) => new(
        new KubeConnection(server.Url, "ns", tls, null, credential ?? new StubCredential("token")),
        new KubeClientOptions { MaxRetries = 0 });

    private sealed class RotatingCertificate(X509Certificate2 first, X509Certificate2 second) : KubeCredential
    {
        private X509Certificate2 _current = first;

        public override X509Certificate2? ClientCertificate => _current;

        public override ValueTask<string?> GetTokenAsync(bool refresh, CancellationToken cancellationToken)
        {
            _current = refresh ? second : _current;
            return ValueTask.FromResult<string?>(null);
        }
    }
}
