using System.Collections.Concurrent;
using System.Net;
using Flink.Kubernetes.HA.Connection;
using FluentAssertions;
using Microsoft.AspNetCore.Http;

namespace Flink.Kubernetes.HA.Tests.Connection;

/// <summary>Tokens and client certificates as they rotate and as the server refuses them.</summary>
public sealed class CredentialTests : ConnectionTest
{
    private readonly TestAuthority _root = TestAuthority.Root();

    [Fact]
    public async Task A_token_file_is_read_again_every_minute()
    {
        await using var server = await TestApiServer.StartAsync();
        using var client = Connect(WithTokenFile(server, "first\n"));
        await GetAsync(client);
        Write("token", "second");
        await GetAsync(client);
        Clock.Step = TimeSpan.FromDays(1);
        await GetAsync(client);

        Clock.Advance(Reloading<string>.Interval);
        await GetAsync(client);

        server.Requests.Select(r => r.Authorization).Should().Equal("Bearer first", "Bearer first", "Bearer first", "Bearer second");
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(" \n")]
    [InlineData("two words")]
    public async Task While_the_token_file_is_not_usable_the_last_token_stays(string? content)
    {
        await using var server = await TestApiServer.StartAsync();
        using var client = Connect(WithTokenFile(server, "first"));
        File.Delete(Path.Combine(Folder, "token"));
        if (content is not null)
        {
            Write("token", content);
        }

        Clock.Advance(Reloading<string>.Interval);
        await GetAsync(client);
        Write("token", "second");
        Clock.Advance(Reloading<string>.IntervalAfterFailure);
        await GetAsync(client);

        server.Requests.Select(r => r.Authorization).Should().Equal("Bearer first", "Bearer second");
        Logged.Should().ContainSingle(l => l.Id == 112);
    }

    [Fact]
    public async Task After_a_401_the_token_is_read_again_and_the_write_with_its_body_sent_once_more()
    {
        var bodies = new ConcurrentQueue<string>();
        await using var server = await TestApiServer.StartAsync(respond: async context =>
        {
            bodies.Enqueue(await new StreamReader(context.Request.Body).ReadToEndAsync());
            await AcceptAsync(context, token: "second");
        });
        using var client = Connect(WithTokenFile(server, "first"));
        Write("token", "second");

        await PatchAsync(client);

        server.Requests.Select(r => r.Authorization).Should().Equal("Bearer first", "Bearer second");
        bodies.Should().HaveCount(2).And.OnlyContain(body => body == bodies.First() && body.Length > 0);
    }

    [Fact]
    public async Task A_credential_that_stays_refused_is_a_401_and_does_not_open_connection_after_connection()
    {
        await using var server = await TestApiServer.StartAsync(respond: context => AcceptAsync(context, token: "other"));
        using var client = Connect(Configuration(server));
        for (var i = 0; i < 10; i++)
        {
            (await StatusOf(() => PatchAsync(client))).Should().Be(HttpStatusCode.Unauthorized);
        }

        server.Requests.Select(r => r.Connection).Distinct().Should().HaveCount(2);
        Clock.Advance(ApiServerConnections.LeastPause);
        await StatusOf(() => PatchAsync(client));
        server.Requests.Select(r => r.Connection).Distinct().Should().HaveCount(3);
    }

    [Fact]
    public async Task Refusals_that_are_tied_to_a_connection_end_with_the_next_request()
    {
        var bad = new ConcurrentDictionary<string, bool>();
        var turnsBad = false;
        await using var server = await TestApiServer.StartAsync(_root.Server(), context =>
            turnsBad && bad.ContainsKey(context.Connection.Id) ? TestApiServer.WriteAsync(context, "{}", 401) : Remember(context));
        using var client = Connect(Configuration(server, _root));
        await GetAsync(client);
        turnsBad = true;

        await PatchAsync(client);

        server.Requests.Select(r => r.Connection).Distinct().Should().HaveCount(2);

        Task Remember(HttpContext context)
        {
            bad.TryAdd(context.Connection.Id, !turnsBad);
            return TestApiServer.Answer(context);
        }
    }

    [Fact]
    public async Task A_401_without_a_credential_is_final()
    {
        await using var server = await TestApiServer.StartAsync(respond: context => TestApiServer.WriteAsync(context, "{}", 401));
        using var client = Connect(Configuration(server, token: null));

        await StatusOf(() => GetAsync(client));

        server.Requests.Should().ContainSingle().Which.Authorization.Should().BeEmpty();
    }

    [Fact]
    public async Task A_raw_request_gets_the_credential_but_not_one_to_another_server()
    {
        await using var server = await TestApiServer.StartAsync();
        await using var stranger = await TestApiServer.StartAsync();
        using var client = Connect(Configuration(server));

        (await client.HttpClient.GetAsync(server.Url, Cancellation)).Dispose();
        (await client.HttpClient.GetAsync(stranger.Url, Cancellation)).Dispose();

        server.Requests.Single().Authorization.Should().Be("Bearer token");
        stranger.Requests.Single().Authorization.Should().BeEmpty();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_client_certificate_is_sent_with_its_chain(bool asData)
    {
        var intermediate = _root.Intermediate("cluster-intermediate");
        var leaf = intermediate.Client("demo");
        var (certificate, key) = (leaf.ExportCertificatePem() + "\n" + intermediate.Pem, TestAuthority.KeyPem(leaf));
        Write("client-chain.crt", certificate);
        Write("client.key", key);
        await using var server = await TestApiServer.StartAsync(_root.Server());
        using var client = Connect(LoadOne(Cluster(server), asData
            ? $"{{client-certificate-data: {TestAuthority.Base64(certificate)}, client-key-data: {TestAuthority.Base64(key)}}}"
            : "{client-certificate: client-chain.crt, client-key: client.key}"));

        await GetAsync(client);

        server.Requests.Single().ClientCertificates.Should().Be("CN=demo < CN=cluster-intermediate");
    }

    [Fact]
    public async Task A_client_certificate_that_rotates_is_used_by_new_connections_and_half_a_rotation_keeps_the_old_pair()
    {
        var (first, second) = (_root.Client("first"), _root.Client("second"));
        WritePair(first);
        await using var server = await TestApiServer.StartAsync(_root.Server());
        using var client = Connect(LoadOne(Cluster(server), "{client-certificate: c.crt, client-key: c.key}"));
        await GetAsync(client);
        Write("c.crt", second.ExportCertificatePem());
        Clock.Advance(Reloading<string>.Interval);
        await GetAsync(client);
        WritePair(second);
        Clock.Advance(Reloading<string>.IntervalAfterFailure);

        await GetAsync(client);

        server.Requests.Select(r => r.ClientCertificates).Should().Equal("CN=first", "CN=first", "CN=second");
        Logged.Should().Contain(l => l.Id == 112);
    }

    [Fact]
    public async Task A_client_certificate_that_the_server_refuses_is_read_again_at_once()
    {
        var (first, second) = (_root.Client("first"), _root.Client("second"));
        WritePair(first);
        await using var server = await TestApiServer.StartAsync(
            _root.Server(), context => AcceptAsync(context, accepted: context.Features.Get<Microsoft.AspNetCore.Connections.Features.IConnectionItemsFeature>()!.Items["chain"] is "CN=second"));
        using var client = Connect(LoadOne(Cluster(server), "{client-certificate: c.crt, client-key: c.key}"));
        WritePair(second);

        await PatchAsync(client);

        server.Requests.Select(r => r.ClientCertificates).Should().Equal("CN=first", "CN=second");
    }

    [Fact]
    public void Without_TLS_credentials_go_to_this_machine_only()
    {
        WritePair(_root.Client("c"));
        using var loopback = Connect(LoadOne("{server: 'http://127.0.0.1:8001'}"));
        using var anonymous = Connect(LoadOne("{server: 'http://proxy:8001'}", "{}"));
        ErrorOf(() => LoadOne("{server: 'http://proxy:8001'}", "{token: SECRET}")).Should().Contain("without encryption").And.Contain("users[one].user");
        ErrorOf(() => new() { Host = "http://proxy:8001", AccessToken = "SECRET" }).Should().Contain("without encryption");
        ErrorOf(() => LoadOne("{server: 'http://127.0.0.1:8001'}", "{client-certificate: c.crt, client-key: c.key}")).Should().Contain("needs TLS");
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("localhost:8080")]
    [InlineData("ftp://h")]
    public void An_address_that_is_none_is_refused(string? host) => ErrorOf(() => new() { Host = host }).Should().Contain("whole one such as https://");

    [Fact]
    public void A_password_in_the_address_is_refused_and_not_shown() =>
        ErrorOf(() => new() { Host = "https://admin:SECRET@server:6443" }).Should().Contain("https://server:6443 has a user name").And.NotContain("SECRET");

    private static Task AcceptAsync(HttpContext context, string token) => AcceptAsync(context, context.Request.Headers.Authorization == $"Bearer {token}");

    private static Task AcceptAsync(HttpContext context, bool accepted) => accepted ? TestApiServer.Answer(context) : TestApiServer.WriteAsync(context, """{"kind":"Status"}""", 401);

    private void WritePair(System.Security.Cryptography.X509Certificates.X509Certificate2 certificate)
    {
        Write("c.crt", certificate.ExportCertificatePem());
        Write("c.key", TestAuthority.KeyPem(certificate));
    }

    private string Cluster(TestApiServer server) => $"{{server: '{server.Url}', certificate-authority-data: {TestAuthority.Base64(_root.Pem)}}}";

    private ApiServerConfiguration WithTokenFile(TestApiServer server, string token)
    {
        Write("token", token);
        return LoadOne($"{{server: '{server.Url}'}}", "{tokenFile: token}");
    }
}
