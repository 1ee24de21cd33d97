using Flink.Kubernetes.HA.Connection;
using k8s;
using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA;

/// <summary>Makes Kubernetes clients on which a lease can be held.</summary>
public static class KubernetesClientConfigurationExtensions
{
    /// <summary>Creates a client whose connections notice within seconds that they are dead, and follow rotated certificates and tokens.</summary>
    /// <remarks>
    /// <para>The caller disposes the client. That ends its calls and watches and closes its connections; later calls throw
    /// <see cref="ObjectDisposedException"/>. The configuration and the options are copied and can be used again.</para>
    /// <para>Other than with <see cref="k8s.Kubernetes"/> itself: connections are probed all the time; the server's certificate must be
    /// valid for its host name also where the configuration names certificate authorities, which may be intermediate ones; certificate
    /// and token files are read again every minute and after a failure; a client certificate is sent with its chain; after a 401 the
    /// credential is obtained again and the request is sent once more, on a new connection; redirects are not followed; every response,
    /// except that of a watch or a followed log, is read whole (at most 256 MiB) under the caller's cancellation token; no failure holds
    /// the Authorization header. <see cref="KubernetesClientConfiguration.HttpClientTimeout"/> is not used: the caller limits its calls.</para>
    /// <para><c>HTTPS_PROXY</c>, <c>HTTP_PROXY</c> and <c>NO_PROXY</c> are read as kubectl reads them.
    /// <see cref="KubernetesClientConfiguration.FirstMessageHandlerSetup"/> is called last for every handler that is made, so it can
    /// override each of these settings; it is called again when certificates rotate.</para>
    /// <para>Exec into containers, attach and port forwarding use web sockets, which have none of this.</para>
    /// </remarks>
    /// <param name="configuration">Where the API server is, how to trust it, and how to prove who we are.</param>
    /// <param name="options">Settings of the connections; <see langword="null"/> for the defaults.</param>
    /// <param name="timeProvider">The clock for reading files again; <see langword="null"/> for the system's.</param>
    /// <param name="loggerFactory">Where to log; <see langword="null"/> for nowhere.</param>
    /// <param name="handlers">What requests pass on their way to the connections, the first one first; the client disposes them.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    /// <exception cref="KubernetesHaException">
    /// <see cref="KubernetesFailure.Configuration"/>: the configuration has no usable address, a file cannot be read, or a credential
    /// would be sent to another machine without TLS.
    /// </exception>
    public static k8s.Kubernetes CreateHaClient(
        this KubernetesClientConfiguration configuration,
        ApiServerOptions? options = null,
        TimeProvider? timeProvider = null,
        ILoggerFactory? loggerFactory = null,
        params DelegatingHandler[] handlers) =>
        CreateHaClient(configuration, options, ConnectionEnvironment.Create(timeProvider, loggerFactory), handlers);

    internal static k8s.Kubernetes CreateHaClient(
        this KubernetesClientConfiguration configuration, ApiServerOptions? options, ConnectionEnvironment environment, params DelegatingHandler[] handlers)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(handlers);
        options = options?.Copy() ?? new ApiServerOptions();
        var failures = new List<string>();
        options.Check(failures);
        if (failures.Count > 0)
        {
            throw new ArgumentException(string.Join(' ', failures), nameof(options));
        }

        var settings = ConnectionSettings.Read(configuration, environment);
        var connections = new ApiServerConnections(settings, options, environment);
        return new ApiServerClient(configuration, settings.Credential, new ApiServerHandler(settings, connections, environment.Logger), handlers);
    }
}
