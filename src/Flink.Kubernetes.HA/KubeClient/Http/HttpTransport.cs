using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using Flink.Kubernetes.HA.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.KubeClient.Http;

/// <summary>Sends requests with the credential, and once more with a fresh one when the server refuses it.</summary>
internal sealed class HttpTransport : IDisposable
{
    private static readonly string UserAgent = "flink-kubernetes-ha/" + typeof(HttpTransport).Assembly.GetName().Version?.ToString(3);

    private readonly Lock _lock = new();
    private readonly KubeConnection _connection;
    private readonly KubeClientOptions _options;
    private readonly ILogger _logger;
    private readonly bool _ownsHandler;
    private volatile HttpMessageInvoker _current;
    private X509Certificate2? _certificate;

    public HttpTransport(KubeConnection connection, KubeClientOptions options, HttpMessageHandler? handler, ILogger logger)
    {
        (_connection, _options, _logger, _ownsHandler) = (connection, options, logger, handler is null);
        _certificate = connection.Credential.ClientCertificate;
        _current = new HttpMessageInvoker(handler ?? SocketsHandlers.Create(connection, options), disposeHandler: _ownsHandler);
    }

    public async Task<HttpResponseMessage> SendAsync(KubeRequest request, CallLimit limit)
    {
        var response = await SendAsync(request, refresh: false, limit).ConfigureAwait(false);
        if (response.StatusCode != HttpStatusCode.Unauthorized)
        {
            return response;
        }

        response.Dispose();
        Log.CredentialRefused(_logger, request);
        return await SendAsync(request, refresh: true, limit).ConfigureAwait(false);
    }

    public void Dispose() => _current.Dispose();

    private async Task<HttpResponseMessage> SendAsync(KubeRequest request, bool refresh, CallLimit limit)
    {
        var token = await GetTokenAsync(request, refresh, limit).ConfigureAwait(false);
        return await _current.SendAsync(CreateMessage(request, token), limit.Token).ConfigureAwait(false);
    }

    private async Task<string?> GetTokenAsync(KubeRequest request, bool refresh, CallLimit limit)
    {
        try
        {
            var token = await _connection.Credential.GetTokenAsync(refresh, limit.Token).ConfigureAwait(false);
            if (_ownsHandler)
            {
                ReconnectIfCertificateChanged();
            }

            return token;
        }
        catch (OperationCanceledException) when (limit.Token.IsCancellationRequested)
        {
            limit.ThrowIfCancelled();
            throw KubeFailures.CredentialTimedOut(request, _options.RequestTimeout);
        }
        catch (Exception exception) when (exception is not KubeClientException)
        {
            throw KubeFailures.CredentialFailed(request, exception);
        }
    }

    // A connection stays what its certificate made it, so a new certificate needs new connections. The old ones finish their
    // requests and watches, and go when they have been idle for a while; to dispose them here would break off what is on its way.
    private void ReconnectIfCertificateChanged()
    {
        var certificate = _connection.Credential.ClientCertificate;
        lock (_lock)
        {
            if (!ReferenceEquals(certificate, _certificate))
            {
                _certificate = certificate;
                _current = new HttpMessageInvoker(SocketsHandlers.Create(_connection, _options));
            }
        }
    }

    private HttpRequestMessage CreateMessage(KubeRequest request, string? token)
    {
        var message = new HttpRequestMessage(request.Method, request.Uri)
        {
            // Whatever TLS negotiates, HTTP/2 first; plain http is HTTP/1.1.
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
        message.Headers.TryAddWithoutValidation("Accept", request.Accept);
        message.Headers.TryAddWithoutValidation("User-Agent", UserAgent);
        if (token is not null)
        {
            message.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        if (_connection.Tls.ServerName is { Length: > 0 } serverName)
        {
            // The one way to tell the handler which name the server's certificate has.
            message.Headers.Host = serverName;
        }

        if (request.ContentType is not null)
        {
            message.Content = new ReadOnlyMemoryContent(request.Body);
            message.Content.Headers.TryAddWithoutValidation("Content-Type", request.ContentType);
        }

        return message;
    }
}
