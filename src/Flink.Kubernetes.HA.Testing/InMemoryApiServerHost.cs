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

    private InMemoryApiServerHost(WebApplication application, CancellationTokenSource stopping)
    {
        (_application, _stopping) = (application, stopping);
        Url = new Uri(application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
    }

    /// <summary>Where it listens, such as <c>http://127.0.0.1:34567</c>.</summary>
    public Uri Url { get; }

    /// <summary>Starts to listen on a free port.</summary>
    /// <param name="server">What to serve; it stays the caller's to dispose.</param>
    /// <param name="tokens">
    /// Bearer tokens and the users that they stand for; others are answered 401. It may change later.
    /// Default: every token stands for the user of the same name, and no token for <c>system:anonymous</c>.
    /// </param>
    /// <param name="cancellationToken">Gives up the start.</param>
    public static async Task<InMemoryApiServerHost> StartAsync(InMemoryApiServer server, IReadOnlyDictionary<string, string>? tokens = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(server);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = null);
        var application = builder.Build();
        var stopping = new CancellationTokenSource();
        var front = new RestFront(server.Operations, tokens, stopping.Token);
        application.Run(front.HandleAsync);
        await application.StartAsync(cancellationToken).ConfigureAwait(false);
        return new InMemoryApiServerHost(application, stopping);
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
            server: {Url.GetLeftPart(UriPartial.Authority)}
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
        await _stopping.CancelAsync().ConfigureAwait(false);

        // Connections that are open are not waited for: a process that dies does not wait either.
        await _application.StopAsync(new CancellationToken(canceled: true)).ConfigureAwait(false);
        await _application.DisposeAsync().ConfigureAwait(false);
        _stopping.Dispose();
    }
}
