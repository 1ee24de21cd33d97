using System.Net.Security;
using FluentAssertions;

namespace Flink.Kubernetes.HA.Tests.Connection;

/// <summary>Whom the client trusts, over real handshakes.</summary>
public sealed class ServerCertificateTests : ConnectionTest
{
    private readonly TestAuthority _root = TestAuthority.Root();

    [Fact]
    public async Task A_certificate_of_another_name_that_the_same_authority_has_signed_is_refused()
    {
        await using var server = await TestApiServer.StartAsync(_root.Server("some-kubelet.example", isLoopback: false));
        using var client = Connect(Configuration(server, _root));

        (await ConnectionErrorOf(() => PatchAsync(client))).Should().Contain("not valid for the name '127.0.0.1', but for: some-kubelet.example");
        server.Requests.Should().BeEmpty();
    }

    [Fact]
    public async Task The_name_of_the_server_can_be_another_than_its_address()
    {
        await using var server = await TestApiServer.StartAsync(_root.Server("kubernetes.default", isLoopback: false));
        var configuration = Configuration(server, _root);
        configuration.TlsServerName = "kubernetes.default";
        using var client = Connect(configuration);

        await GetAsync(client);
    }

    [Fact]
    public async Task A_server_of_another_authority_is_refused_before_the_token_is_sent_and_the_error_names_both()
    {
        await using var server = await TestApiServer.StartAsync(TestAuthority.Root("stranger").Server());
        using var client = Connect(Configuration(server, _root));

        (await ConnectionErrorOf(() => PatchAsync(client))).Should().Contain("issued by 'CN=stranger'").And.Contain("Configured as certificate-authority: 'CN=root'");
        server.Requests.Should().BeEmpty();
    }

    [Fact]
    public async Task Without_an_authority_the_system_decides()
    {
        await using var server = await TestApiServer.StartAsync(_root.Server());
        using var client = Connect(Configuration(server));

        (await ConnectionErrorOf(() => GetAsync(client))).Should().Contain("No certificate-authority is configured");
    }

    [Fact]
    public async Task Verification_is_left_out_only_on_demand_and_is_logged_once()
    {
        await using var server = await TestApiServer.StartAsync(_root.Server("other", isLoopback: false));
        using var client = Connect(LoadOne($"{{server: '{server.Url}', insecure-skip-tls-verify: true}}"));

        await GetAsync(client);
        await GetAsync(client);

        Logged.Should().ContainSingle(l => l.Id == 113);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_authority_that_is_not_self_signed_is_trusted_whatever_the_server_sends_with_its_certificate(bool sendsChain)
    {
        var intermediate = _root.Intermediate();
        await using var server = await TestApiServer.StartAsync(intermediate.Server(), chain: sendsChain ? [intermediate.Certificate, _root.Certificate] : []);
        using var client = Connect(Configuration(server, intermediate));

        await GetAsync(client);
    }

    [Fact]
    public async Task Below_a_trusted_root_the_server_sends_the_links()
    {
        var intermediate = _root.Intermediate();
        await using var server = await TestApiServer.StartAsync(intermediate.Server(), chain: intermediate.Certificate);
        using var client = Connect(Configuration(server, _root));

        await GetAsync(client);
    }

    [Fact]
    public async Task A_trusted_intermediate_does_not_make_its_root_trusted()
    {
        await using var server = await TestApiServer.StartAsync(_root.Server());
        using var client = Connect(Configuration(server, _root.Intermediate()));

        await ConnectionErrorOf(() => GetAsync(client));
    }

    [Fact]
    public async Task A_namesake_of_a_trusted_intermediate_is_not_it()
    {
        var forged = TestAuthority.Root().Intermediate();
        await using var server = await TestApiServer.StartAsync(forged.Server(), chain: forged.Certificate);
        await using var alone = await TestApiServer.StartAsync(forged.Server());
        using var client = Connect(Configuration(server, _root.Intermediate()));
        using var ofAlone = Connect(Configuration(alone, _root.Intermediate()));

        await ConnectionErrorOf(() => GetAsync(client));
        await ConnectionErrorOf(() => GetAsync(ofAlone));
    }

    [Fact]
    public async Task An_expired_certificate_below_a_trusted_intermediate_is_refused()
    {
        var intermediate = _root.Intermediate();
        await using var server = await TestApiServer.StartAsync(intermediate.Server(until: DateTimeOffset.UtcNow.AddMinutes(-1)));
        using var client = Connect(Configuration(server, intermediate));

        (await ConnectionErrorOf(() => GetAsync(client))).Should().Contain("NotTimeValid");
    }

    [Fact]
    public async Task A_certificate_for_clients_is_not_one_of_a_server()
    {
        var intermediate = _root.Intermediate();
        await using var server = await TestApiServer.StartAsync(intermediate.Client("127.0.0.1"));
        using var client = Connect(Configuration(server, intermediate));

        await ConnectionErrorOf(() => GetAsync(client));
    }

    [Fact]
    public async Task When_the_authority_is_replaced_the_client_follows_without_a_restart()
    {
        var next = TestAuthority.Root("next");
        var path = Write("ca.crt", _root.Pem);
        await using var server = await TestApiServer.StartAsync(_root.Server());
        using var client = Connect(LoadOne($"{{server: '{server.Url}', certificate-authority: ca.crt}}"));
        await GetAsync(client);

        File.WriteAllText(path, _root.Pem + next.Pem);
        server.Certificate = SslStreamCertificateContext.Create(next.Server(), null, offline: true);
        server.CutConnections();
        await EventuallyAsync(() => server.OpenConnections == 0, "the old connections are gone");

        // Within the minute in which the file would not be read again, were it not for the failure.
        await FirstThatReachesTheServerAsync(client);
        Logged.Should().Contain(l => l.Id == 111 && l.Text.Contains("certificates have changed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_authority_that_is_no_longer_trusted_is_left_within_a_minute_also_by_connections_that_are_open()
    {
        var path = Write("ca.crt", _root.Pem);
        await using var server = await TestApiServer.StartAsync(_root.Server());
        using var client = Connect(LoadOne($"{{server: '{server.Url}', certificate-authority: ca.crt}}"));
        await GetAsync(client);
        File.WriteAllText(path, TestAuthority.Root("next").Pem);
        await GetAsync(client);

        Clock.Advance(TimeSpan.FromMinutes(1));

        await ConnectionErrorOf(() => GetAsync(client));
    }

    [Fact]
    public async Task A_watch_stays_on_its_connection_when_certificates_rotate_and_new_requests_use_another()
    {
        var path = Write("ca.crt", _root.Pem);
        var more = new SemaphoreSlim(0);
        await using var server = await TestApiServer.StartAsync(_root.Server(), async context =>
        {
            await TestApiServer.WriteAsync(context, TestApiServer.ConfigMap);
            if (context.Request.Query.ContainsKey("watch"))
            {
                await context.Response.Body.FlushAsync(context.RequestAborted);
                await more.WaitAsync(context.RequestAborted);
                await context.Response.Body.WriteAsync("end"u8.ToArray(), context.RequestAborted);
            }
        });
        using var client = Connect(LoadOne($"{{server: '{server.Url}', certificate-authority: ca.crt}}"));
        using var watch = await WatchAsync(client);
        File.WriteAllText(path, _root.Pem + TestAuthority.Root("next").Pem);
        Clock.Advance(TimeSpan.FromMinutes(1));
        await GetAsync(client);
        more.Release();

        (await watch.Content.ReadAsStringAsync(Cancellation)).Should().EndWith("end");
        server.Requests.Select(r => r.Connection).Distinct().Should().HaveCount(2);
    }

    [Fact]
    public async Task Connections_that_were_replaced_are_closed_when_they_are_idle()
    {
        // In real time: the runtime looks for idle connections every second at the most often.
        var path = Write("ca.crt", _root.Pem);
        await using var server = await TestApiServer.StartAsync(_root.Server());
        using var client = Connect(LoadOne($"{{server: '{server.Url}', certificate-authority: ca.crt}}"), new ApiServerOptions { ConnectionLifetime = TimeSpan.FromSeconds(1) });
        await GetAsync(client);
        File.WriteAllText(path, _root.Pem + TestAuthority.Root("next").Pem);
        Clock.Advance(TimeSpan.FromMinutes(1));
        await GetAsync(client);

        await EventuallyAsync(() => server.OpenConnections == 0, "idle connections are closed, old ones too");
        server.Requests.Select(r => r.Connection).Distinct().Should().HaveCount(2);
    }

    [Fact]
    public async Task Rotation_while_requests_are_under_way_breaks_none_and_disposal_ends_them_all_in_one_way()
    {
        const int Callers = 8;
        var path = Write("ca.crt", _root.Pem);
        await using var server = await TestApiServer.StartAsync(_root.Server());
        var client = Connect(LoadOne($"{{server: '{server.Url}', certificate-authority: ca.crt}}"));
        var succeeded = new int[Callers];
        var callers = Enumerable.Range(0, Callers).Select(caller => Task.Run(
            async () =>
            {
                while (true)
                {
                    await PatchAsync(client);
                    Interlocked.Increment(ref succeeded[caller]);
                }
            },
            Cancellation)).ToArray();
        for (var rotation = 1; rotation <= 10; rotation++)
        {
            var before = succeeded.ToArray();
            File.WriteAllText(path, _root.Pem + TestAuthority.Root($"next-{rotation}").Pem);
            Clock.Advance(TimeSpan.FromMinutes(1));
            await EventuallyAsync(() => callers.Any(c => c.IsCompleted) || before.Zip(succeeded, (b, a) => a > b + 1).All(went => went), "every caller has gone on");
            callers.Should().NotContain(c => c.IsCompleted);
        }

        client.Dispose();

        foreach (var caller in callers)
        {
            await FluentActions.Awaiting(() => caller.WaitAsync(Patience, Cancellation)).Should().ThrowAsync<ObjectDisposedException>();
        }
    }

    [Fact]
    public async Task The_configuration_of_a_pod_that_the_official_client_has_loaded_follows_its_files_too()
    {
        var next = TestAuthority.Root("next");
        var path = Write("serviceaccount/ca.crt", _root.Pem);
        var token = Write("serviceaccount/token", "first");
        await using var server = await TestApiServer.StartAsync(_root.Server());
        var configuration = Configuration(server, _root, token: null);
        configuration.TokenProvider = new k8s.Authentication.TokenFileAuth(token);
        using var client = Connect(configuration);
        await GetAsync(client);
        File.WriteAllText(path, next.Pem);
        File.WriteAllText(token, "second");
        server.Certificate = SslStreamCertificateContext.Create(next.Server(), null, offline: true);
        Clock.Advance(TimeSpan.FromMinutes(1));

        await GetAsync(client);

        server.Requests.Select(r => r.Authorization).Should().Equal("Bearer first", "Bearer second");
    }

    // The request that is sent on a connection that is just being cut may still fail.
    private static async Task FirstThatReachesTheServerAsync(k8s.Kubernetes client)
    {
        try
        {
            await GetAsync(client);
        }
        catch (HttpRequestException e) when (e.HttpRequestError != HttpRequestError.SecureConnectionError)
        {
            await GetAsync(client);
        }
    }
}
