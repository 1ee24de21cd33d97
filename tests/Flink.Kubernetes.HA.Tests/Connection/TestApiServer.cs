using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Flink.Kubernetes.HA.Tests.Connection;

/// <summary>A real server on loopback that answers as the test says, with a certificate that can be changed.</summary>
internal sealed class TestApiServer : IAsyncDisposable
{
    public const string ConfigMap = """{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a","namespace":"ns","resourceVersion":"7"},"data":{"k":"v"}}""";

    private readonly ConcurrentDictionary<string, ConnectionContext> _connections = new();
    private readonly RequestDelegate _respond;
    private WebApplication _application = null!;

    private TestApiServer(RequestDelegate? respond) => _respond = respond ?? Answer;

    public Uri Url { get; private set; } = null!;

    public int Port => Url.Port;

    /// <summary>Each request: how it came, by which connection, and who the client says that it is.</summary>
    public ConcurrentQueue<Seen> Requests { get; } = [];

    public int OpenConnections => _connections.Count;

    /// <summary>What the handshake presents from now on.</summary>
    public SslStreamCertificateContext? Certificate { get; set; }

    public static RequestDelegate Answer => context => WriteAsync(context, ConfigMap);

    /// <summary>Starts a server; without a certificate it speaks plain HTTP.</summary>
    public static async Task<TestApiServer> StartAsync(
        X509Certificate2? certificate = null, RequestDelegate? respond = null, HttpProtocols protocols = HttpProtocols.Http1AndHttp2, params X509Certificate2[] chain)
    {
        var server = new TestApiServer(respond)
        {
            Certificate = certificate is null ? null : SslStreamCertificateContext.Create(certificate, [.. chain], offline: true),
        };
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => server.Configure(listen, protocols)));
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.Zero);
        server._application = builder.Build();
        server._application.Run(server.HandleAsync);
        await server._application.StartAsync();
        server.Url = new Uri(server._application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        return server;
    }

    public static async Task WriteAsync(HttpContext context, string body, int status = 200)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(body, context.RequestAborted);
    }

    /// <summary>Sends headers and the start of a body, and then nothing until the client leaves.</summary>
    public static async Task StallAsync(HttpContext context, int status = 200)
    {
        await WriteAsync(context, "{\"kind\":", status);
        await context.Response.Body.FlushAsync(context.RequestAborted);
        await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public void CutConnections()
    {
        foreach (var connection in _connections.Values)
        {
            connection.Abort();
        }
    }

    public async ValueTask DisposeAsync()
    {
        CutConnections();
        await _application.DisposeAsync();
    }

    private void Configure(ListenOptions listen, HttpProtocols protocols)
    {
        listen.Protocols = protocols;
        listen.Use(next => async connection =>
        {
            _connections[connection.ConnectionId] = connection;
            try
            {
                await next(connection);
            }
            finally
            {
                _connections.TryRemove(connection.ConnectionId, out _);
            }
        });
        if (Certificate is not null)
        {
            listen.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = OnHandshake });
        }
    }

    private ValueTask<SslServerAuthenticationOptions> OnHandshake(TlsHandshakeCallbackContext context) => new(new SslServerAuthenticationOptions
    {
        ServerCertificateContext = Certificate,
        ClientCertificateRequired = true,
        RemoteCertificateValidationCallback = (_, certificate, chain, _) =>
        {
            context.Connection.Items["chain"] = certificate is null ? string.Empty : string.Join(" < ", [certificate.Subject, .. chain!.ChainPolicy.ExtraStore.Select(c => c.Subject)]);
            return true;
        },
    });

    private Task HandleAsync(HttpContext context)
    {
        var items = context.Features.Get<Microsoft.AspNetCore.Connections.Features.IConnectionItemsFeature>();
        Requests.Enqueue(new Seen(
            context.Request.Method, context.Request.Protocol, context.Connection.Id, context.Request.Headers.Authorization.ToString(), items?.Items.TryGetValue("chain", out var chain) == true ? (string)chain! : string.Empty));
        return _respond(context);
    }

    internal sealed record Seen(string Method, string Protocol, string Connection, string Authorization, string ClientCertificates);
}
