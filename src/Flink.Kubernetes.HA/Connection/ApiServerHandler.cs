using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Runtime.CompilerServices;
using Flink.Kubernetes.HA.Connection.Credentials;
using Microsoft.Extensions.Logging;
using k8s;

namespace Flink.Kubernetes.HA.Connection;

/// <summary>Sends requests through connections of our own, in place of the official client's handler, which is never called.</summary>
internal sealed class ApiServerHandler(ConnectionSettings settings, ApiServerConnections connections, ILogger logger) : DelegatingHandler
{
    // Far above what a list of full ConfigMaps takes; it keeps a runaway response from taking the process's memory.
    private const long MaxBodyLength = 256 << 20;

    private readonly CancellationTokenSource _disposal = new();

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        ThrowIfDisposed();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _disposal.Token);
        try
        {
            if (request.Content is not (null or ByteArrayContent or ReadOnlyMemoryContent))
            {
                // So that it can be sent a second time, which those above can as they are.
                await request.Content.LoadIntoBufferAsync(either.Token).ConfigureAwait(false);
            }

            return await SendAsCredentialedAsync(request, either.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (_disposal.IsCancellationRequested && !cancellationToken.IsCancellationRequested && exception is not ObjectDisposedException)
        {
            throw new ObjectDisposedException("The Kubernetes client was disposed while the request was under way.", exception);
        }
        finally
        {
            // The official client puts the request's headers into its exceptions.
            request.Headers.Authorization = null;
        }
    }

    // The base method would use the official handler.
    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken) =>
        throw new NotSupportedException("This client has no synchronous requests. Use SendAsync.");

    protected override void Dispose(bool disposing)
    {
        if (disposing && !_disposal.IsCancellationRequested)
        {
            _disposal.Cancel();
            connections.Dispose();
            settings.Credential?.Dispose();
        }

        base.Dispose(disposing);
    }

    private static bool IsStream(HttpRequestMessage request, HttpResponseMessage response) =>
        response.IsSuccessStatusCode && (request is StreamedRequest || Array.Exists(
            request.RequestUri!.Query.TrimStart('?').Split('&'),
            parameter => parameter.Split('=') is ["watch" or "follow", not ("" or "0" or "f" or "F" or "false" or "False" or "FALSE")]));

    private void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(_disposal.IsCancellationRequested, typeof(k8s.Kubernetes));

    private async Task<HttpResponseMessage> SendAsCredentialedAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (settings.IsServer(request.RequestUri!))
        {
            // The one way to tell the handler which name the server's certificate has.
            request.Headers.Host = settings.ServerName;
            if (request.Headers.Authorization is null && settings.Credential is { } credential)
            {
                request.Headers.Authorization = await credential.GetAsync(refresh: false, cancellationToken).ConfigureAwait(false);
            }
        }

        var used = connections.Current(readNow: false);
        var response = await SendTrustingAsync(used, request, cancellationToken).ConfigureAwait(false);
        if (response.StatusCode != HttpStatusCode.Unauthorized)
        {
            connections.Accepted();
        }
        else if (!settings.IsAnonymous && await RenewAsync(used, request, cancellationToken).ConfigureAwait(false))
        {
            // A 401 means that nothing of the request took effect, so writes are sent again too.
            response.Dispose();
            response = await SendTrustingAsync(connections.Current(readNow: false), request, cancellationToken).ConfigureAwait(false);
        }

        return response;
    }

    // Whether there is something new, a credential or a connection, with which to try again.
    private async Task<bool> RenewAsync(HttpMessageInvoker used, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        ConnectionLog.CredentialRefused(logger, request.Method, request.RequestUri!.AbsolutePath);
        var refused = request.Headers.Authorization;
        if (settings.Credential is { } credential)
        {
            request.Headers.Authorization = await credential.GetAsync(refresh: true, cancellationToken).ConfigureAwait(false);
        }

        connections.Current(readNow: true);
        return connections.ReplaceAfterRefusal(used) | !Equals(refused, request.Headers.Authorization);
    }

    private async Task<HttpResponseMessage> SendTrustingAsync(HttpMessageInvoker used, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var current = used;
        while (true)
        {
            HttpResponseMessage? response = null;
            try
            {
                response = await current.SendAsync(request, cancellationToken).ConfigureAwait(false);
                if (!IsStream(request, response))
                {
                    // The official client reads in a way that no token ends.
                    await response.Content.LoadIntoBufferAsync(MaxBodyLength, cancellationToken).ConfigureAwait(false);
                }

                return response;
            }
            catch (Exception exception)
            {
                response?.Dispose();

                if (settings.Proxy?.Explain(exception) is { } explained)
                {
                    throw explained;
                }

                // A certificate that is not trusted may be the sign that authorities have been replaced: nothing was sent yet.
                if (exception is HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError }
                    && ReferenceEquals(current, used)
                    && !ReferenceEquals(connections.Current(readNow: true), used))
                {
                    current = connections.Current(readNow: false);
                    continue;
                }

                throw;
            }
        }
    }
}

/// <summary>The official client over <see cref="ApiServerHandler"/>.</summary>
internal sealed class ApiServerClient(KubernetesClientConfiguration configuration, Credential? credential, ApiServerHandler handler, DelegatingHandler[] handlers)
    : k8s.Kubernetes(Copy(configuration, credential), [.. handlers, handler])
{
    // The base class sets HttpClient to null, so that later calls end with a NullReferenceException. The handler ends the calls and
    // watches under way and refuses later ones; the HttpClient has nothing of its own to dispose.
    [SuppressMessage("Usage", "CA2215:Dispose methods should call base class dispose", Justification = "See above.")]
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Array.ForEach(handlers, outer => outer.Dispose());
            handler.Dispose();
        }
    }

    // A copy by properties would lose JsonSerializerOptions, which has no public setter.
    private static KubernetesClientConfiguration Copy(KubernetesClientConfiguration configuration, Credential? credential)
    {
        var copy = (KubernetesClientConfiguration)MemberwiseClone(configuration);
        copy.HttpClientTimeout = Timeout.InfiniteTimeSpan;
        copy.FirstMessageHandlerSetup = null; // for ApiServerConnections, not for the official handler, which is never used
        copy.TokenProvider = credential;
        return copy;
    }

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "MemberwiseClone")]
    private static extern object MemberwiseClone(object original);
}
