using System.Net;
using System.Security.Cryptography.X509Certificates;
using Flink.Kubernetes.HA.Testing.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;

namespace Flink.Kubernetes.HA.Testing;

/// <summary>Serves an <see cref="InMemoryApiServer"/> over HTTP on loopback, for other processes and for kubectl.</summary>
public sealed class InMemoryApiServerHost : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly CancellationTokenSource _stopping;

    private readonly X509Certificate2? _certificate;
    private bool _disposed;

    private InMemoryApiServerHost(WebApplication application, CancellationTokenSource stopping, X509Certificate2? certificate)
    {
        (_application, _stopping, _certificate) = (application, stopping, certificate);
        Url = new Uri(application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
    }

    /// <summary>Where it listens, such as <c>http://127.0.0.1:34567</c>.</summary>
    public Uri Url { get; }

    /// <summary>Starts to listen on a free port.</summary>
    /// <param name="server">What to serve; it stays the caller's to dispose.</param>
    /// <param name="tokens">
    /// Bearer tokens and their users; others are answered 401. It may change later.
    /// Default: every token is that of the user of the same name, and a request without one is that of <c>system:anonymous</c>.
    /// </param>
    /// <param name="useTls">Whether to speak HTTPS, with a certificate that the kubeconfig names; kubectl sends tokens over HTTPS only.</param>
    /// <param name="cancellationToken">Cancels the start.</param>
    public static async Task<InMemoryApiServerHost> StartAsync(InMemoryApiServer server, IReadOnlyDictionary<string, string>? tokens = null, bool useTls = false, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(server);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        var certificate = useTls ? LoopbackCertificate.Create() : null;
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Listen(IPAddress.Loopback, 0, listen => _ = certificate is null ? listen : listen.UseHttps(certificate));
        });
        var application = builder.Build();
        var stopping = new CancellationTokenSource();
        var shell = new HostShell(server.Front, tokens, stopping.Token);
        application.Run(shell.HandleAsync);
        await application.StartAsync(cancellationToken).ConfigureAwait(false);
        return new InMemoryApiServerHost(application, stopping, certificate);
    }

    /// <summary>Writes a kubeconfig for this server.</summary>
    /// <param name="path">The file; it is overwritten.</param>
    /// <param name="token">The bearer token.</param>
    /// <param name="namespaceName">The namespace of the context.</param>
    public void WriteKubeConfig(string path, string token = "admin", string namespaceName = "default") => File.WriteAllText(
        path,
        $"""
        apiVersion: v1
        kind: Config
        clusters:
        - name: in-memory
          cluster:
            server: {Url.GetLeftPart(UriPartial.Authority)}{CertificateAuthority()}
        users:
        - name: user
          user:
            token: "{token}"
        contexts:
        - name: in-memory
          context:
            cluster: in-memory
            user: user
            namespace: {namespaceName}
        current-context: in-memory

        """);

    /// <summary>Breaks the connections that are open and stops to listen.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        await _stopping.CancelAsync().ConfigureAwait(false);

        // Connections that are open are not waited for: a process that dies does not wait either.
        await _application.StopAsync(new CancellationToken(canceled: true)).ConfigureAwait(false);
        await _application.DisposeAsync().ConfigureAwait(false);
        _stopping.Dispose();
        _certificate?.Dispose();
    }

    private string CertificateAuthority() => _certificate is null
        ? string.Empty
        : $"\n    certificate-authority-data: {Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes(_certificate.ExportCertificatePem()))}";
}
