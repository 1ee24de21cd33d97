using System.Globalization;
using Flink.Kubernetes.HA.Testing.ApiServer;
using Microsoft.AspNetCore.Http;

namespace Flink.Kubernetes.HA.Testing.Http;

/// <summary>Writes answers.</summary>
internal static class RestResponse
{
    public static async Task WriteAsync(HttpResponse response, int status, ReadOnlyMemory<byte> json, CancellationToken cancellationToken)
    {
        response.StatusCode = status;
        response.ContentType = "application/json";
        response.ContentLength = json.Length;
        await response.Body.WriteAsync(json, cancellationToken).ConfigureAwait(false);
    }

    public static Task WriteErrorAsync(HttpResponse response, ApiError error, CancellationToken cancellationToken)
    {
        if (error.RetryAfterSeconds is { } seconds)
        {
            response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        return WriteAsync(response, error.Status, JsonText.ToUtf8(error.ToStatus()), cancellationToken);
    }
}
