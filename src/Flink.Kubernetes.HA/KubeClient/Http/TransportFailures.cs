using System.Net;

namespace Flink.Kubernetes.HA.KubeClient.Http;

/// <summary>Tells what an exception of the transport means: above all, whether the request can have reached the server.</summary>
internal static class TransportFailures
{
    public static bool Covers(Exception exception) => exception is HttpRequestException or IOException or OperationCanceledException;

    /// <summary>Returns the failure; throws when it was the caller or the end of the client that broke off.</summary>
    public static KubeClientException From(KubeRequest request, CallLimit limit, TimeSpan timeout, HttpStatusCode? status, Exception exception)
    {
        limit.ThrowIfCancelled();
        if (limit.IsTimeOver)
        {
            return KubeFailures.TimedOut(request, timeout);
        }

        return status is null && IsBeforeSending(exception)
            ? KubeFailures.NotConnected(request, exception)
            : KubeFailures.ConnectionLost(request, status, exception);
    }

    private static bool IsBeforeSending(Exception exception) => exception switch
    {
        // The handler's own limit on connecting.
        OperationCanceledException => exception.InnerException is TimeoutException,
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError } => true,
        HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError or HttpRequestError.ProxyTunnelError } => true,
        _ => false,
    };
}
