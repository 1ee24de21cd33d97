using Flink.Kubernetes.HA.Testing.ApiServer;
using Microsoft.AspNetCore.Http;

namespace Flink.Kubernetes.HA.Testing.Http;

/// <summary>Reads the bodies of requests.</summary>
internal static class RestRequest
{
    private const int MaxBytes = 3 * 1024 * 1024;

    public static async Task<ReadOnlyMemory<byte>> ReadBodyAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (request.Method != "PATCH" && !MediaTypes.IsJson(request.ContentType))
        {
            throw new ApiError(415, "UnsupportedMediaType", $"the body of the request was in an unknown format: {request.ContentType}; application/json is accepted");
        }

        using var body = new MemoryStream();
        var buffer = new byte[81_920];
        int count;
        while ((count = await request.Body.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
        {
            body.Write(buffer, 0, count);
            if (body.Length > MaxBytes)
            {
                throw ApiError.TooLarge($"Request entity too large: limit is {MaxBytes}");
            }
        }

        return body.ToArray();
    }
}
