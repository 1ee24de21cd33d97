using System.Net;
using System.Net.Sockets;
using System.Text;
using Flink.Kubernetes.HA.Connection;
using FluentAssertions;

namespace Flink.Kubernetes.HA.Tests.Connection;

public sealed class ProxyTests : ConnectionTest
{
    private readonly TestAuthority _root = TestAuthority.Root();

    [Theory]
    // Ranges
    [InlineData("192.0.2.0/24", "https://192.0.2.7:6443", true)]
    [InlineData("192.0.2.9/24", "https://192.0.2.7:6443", true)]
    [InlineData("192.0.2.0/24", "https://192.0.3.7:6443", false)]
    [InlineData("192.0.2.0/31", "https://192.0.2.2:6443", false)]
    [InlineData("0.0.0.0/0", "https://192.0.2.7", true)]
    [InlineData("0.0.0.0/0", "https://api.example.com", false)]
    [InlineData("2001:db8::/32", "https://[2001:db8::1]:6443", true)]
    [InlineData("2001:db8::/32", "https://[2001:db9::1]:6443", false)]
    [InlineData("192.0.2.0/33", "https://192.0.2.0", false)]
    [InlineData("192.0.2.0/x", "https://192.0.2.0", false)]
    [InlineData("192.0.2.0/24", "https://[::ffff:192.0.2.7]", true)]
    // Addresses
    [InlineData("192.0.2.7", "https://192.0.2.7:6443", true)]
    [InlineData("192.0.2.7:6443", "https://192.0.2.7:6443", true)]
    [InlineData("192.0.2.7:443", "https://192.0.2.7:6443", false)]
    [InlineData("192.0.2.7:443", "https://192.0.2.7", true)]
    [InlineData("2001:db8::1", "https://[2001:db8:0:0::1]", true)]
    [InlineData("[2001:db8::1]", "https://[2001:db8::1]", true)]
    [InlineData("[2001:db8::1]:6443", "https://[2001:db8::1]:6443", true)]
    [InlineData("[2001:db8::1]:6443", "https://[2001:db8::1]", false)]
    [InlineData("2.7", "https://192.0.2.7", false)]
    // Names
    [InlineData("example.com", "https://example.com", true)]
    [InlineData("example.com", "https://api.example.com", true)]
    [InlineData("example.com", "https://badexample.com", false)]
    [InlineData(".example.com", "https://api.example.com", true)]
    [InlineData(".example.com", "https://example.com", false)]
    [InlineData("*.example.com", "https://a.b.example.com", true)]
    [InlineData("*.example.com", "https://example.com", false)]
    [InlineData("EXAMPLE.com", "https://Api.example.COM", true)]
    [InlineData("example.com:6443", "https://api.example.com:6443", true)]
    [InlineData("example.com:6443", "https://api.example.com", false)]
    [InlineData("example.com.", "https://example.com", true)]
    [InlineData("example.com", "https://example.com.", true)]
    [InlineData("svc", "https://kubernetes.default.svc", true)]
    // Lists
    [InlineData("a.example, 192.0.2.0/24 ,b.example", "https://192.0.2.7", true)]
    [InlineData("a.example b.example", "https://b.example", true)]
    [InlineData("*", "https://b.example", true)]
    [InlineData("a.example,*", "https://b.example", true)]
    [InlineData("", "https://b.example", false)]
    [InlineData(",:443,/,[", "https://b.example", false)]
    // This machine
    [InlineData("", "https://localhost:6443", true)]
    [InlineData("", "https://127.0.0.1:6443", true)]
    [InlineData("", "https://[::1]:6443", true)]
    public void NO_PROXY_excepts_what_kubectl_and_curl_except(string noProxy, string server, bool isDirect)
    {
        Variables["HTTPS_PROXY"] = "http://proxy:3128";
        Variables["NO_PROXY"] = noProxy;

        (ProxyChoice.FromEnvironment(new Uri(server), TestEnvironment) is null).Should().Be(isDirect);
    }

    [Theory]
    [InlineData("HTTPS_PROXY", "https://h", "proxy:3128", "http://proxy:3128/")]
    [InlineData("https_proxy", "https://h", "http://proxy:3128", "http://proxy:3128/")]
    [InlineData("HTTP_PROXY", "http://h", "https://proxy:3128", "https://proxy:3128/")]
    [InlineData("http_proxy", "http://h", "socks5h://proxy:1080", "socks5://proxy:1080/")]
    [InlineData("HTTP_PROXY", "https://h", "http://proxy:3128", null)]
    [InlineData("HTTPS_PROXY", "http://h", "http://proxy:3128", null)]
    [InlineData("HTTPS_PROXY", "https://h", "http://user:SECRET@proxy:3128", "http://proxy:3128/")]
    public void The_proxy_is_that_of_the_scheme_in_capitals_or_not(string variable, string server, string value, string? expected)
    {
        Variables[variable] = value;

        ProxyChoice.FromEnvironment(new Uri(server), TestEnvironment)?.Address.AbsoluteUri.Should().Be(expected);
        (ProxyChoice.FromEnvironment(new Uri(server), TestEnvironment) is null).Should().Be(expected is null);
    }

    [Fact]
    public void A_proxy_that_is_none_is_named_without_its_text()
    {
        Variables["HTTPS_PROXY"] = "ftp://user:SECRET@proxy";
        ErrorOf(() => new() { Host = "https://h" }).Should().Contain("HTTPS_PROXY");
    }

    [Fact]
    public async Task The_proxy_of_a_kubeconfig_is_used_with_its_password_also_for_this_machine()
    {
        await using var server = await TestApiServer.StartAsync(_root.Server());
        await using var proxy = new TestProxy();
        using var client = Connect(LoadOne(Cluster(server, $"http://127.0.0.1:{proxy.Port}")));

        await PatchAsync(client);

        proxy.Heads.Should().ContainSingle().Which.Should().StartWith($"CONNECT 127.0.0.1:{server.Port} ");
        server.Requests.Should().ContainSingle().Which.Protocol.Should().Be("HTTP/2");
    }

    [Fact]
    public async Task A_proxy_that_asks_for_a_password_gets_it()
    {
        await using var proxy = new TestProxy { Answer = "407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0" };
        using var client = Connect(LoadOne($"{{server: 'https://api.example', proxy-url: 'http://me:SECRET@127.0.0.1:{proxy.Port}'}}"));

        (await ConnectionErrorOf(() => GetAsync(client))).Should().NotContain("SECRET");
        proxy.Heads.Last().Should().Contain($"Proxy-Authorization: Basic {Convert.ToBase64String(Encoding.ASCII.GetBytes("me:SECRET"))}");
    }

    [Fact]
    public async Task An_error_of_the_proxy_names_the_proxy()
    {
        await using var proxy = new TestProxy { Answer = "502 Bad Gateway" };
        Variables["HTTPS_PROXY"] = $"http://127.0.0.1:{proxy.Port}";
        using var refusing = Connect(new() { Host = "https://api.example" });
        Variables["HTTPS_PROXY"] = "http://127.0.0.1:1";
        using var absent = Connect(new() { Host = "https://api.example" });

        (await ConnectionErrorOf(() => GetAsync(refusing))).Should().Contain($"The proxy http://127.0.0.1:{proxy.Port} (from HTTPS_PROXY or https_proxy) failed").And.Contain("502");
        (await ConnectionErrorOf(() => GetAsync(absent))).Should().Contain("The proxy http://127.0.0.1:1 (from HTTPS_PROXY or https_proxy) failed: Connection refused");
    }

    [Fact]
    public async Task A_server_that_is_excepted_is_asked_directly()
    {
        await using var server = await TestApiServer.StartAsync(_root.Server("api.internal"));
        (Variables["HTTPS_PROXY"], Variables["no_proxy"]) = ("http://127.0.0.1:1", "192.0.2.0/24,.internal");
        var asked = string.Empty;
        var configuration = Configuration(server, _root);
        configuration.Host = $"https://api.internal:{server.Port}";
        configuration.FirstMessageHandlerSetup = handler => handler.ConnectCallback = async (context, cancellationToken) =>
        {
            asked = context.DnsEndPoint.Host;
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(IPAddress.Loopback, context.DnsEndPoint.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        };
        var client = Connect(configuration);

        await GetAsync(client);
        asked.Should().Be("api.internal");

        // Connections that the user's setup makes are closed too.
        client.Dispose();
        await EventuallyAsync(() => server.OpenConnections == 0, "the connection is closed");
    }

    private string Cluster(TestApiServer server, string proxy) =>
        $"{{server: '{server.Url}', certificate-authority-data: {TestAuthority.Base64(_root.Pem)}, proxy-url: '{proxy}'}}";
}
