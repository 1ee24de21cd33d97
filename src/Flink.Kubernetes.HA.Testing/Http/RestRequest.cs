using Flink.Kubernetes.HA.Testing.ApiServer;

namespace Flink.Kubernetes.HA.Testing.Http;

/// <summary>A request as it came in, over a socket or in process.</summary>
/// <param name="Method">The HTTP method.</param>
/// <param name="Target">The path and the query, escaped.</param>
/// <param name="User">Who asks, or <see langword="null"/> for one who could not be authenticated.</param>
/// <param name="SendBodyAsync">Writes the body.</param>
internal sealed record RestRequest(string Method, string Target, string? User, Func<Stream, CancellationToken, Task> SendBodyAsync)
{
    private const int MaxBytes = 3 * 1024 * 1024;

    public string? Accept { get; init; }

    public string? ContentType { get; init; }

    public string Path => Target.Split('?')[0];

    public RestQuery Query { get; } = new(Target.Contains('?', StringComparison.Ordinal) ? Target[Target.IndexOf('?', StringComparison.Ordinal)..] : string.Empty);

    public async Task<ReadOnlyMemory<byte>> ReadBodyAsync(CancellationToken cancellationToken)
    {
        if (Method != "PATCH" && !MediaTypes.IsJson(ContentType))
        {
            throw new ApiError(415, "UnsupportedMediaType", $"the body of the request was in an unknown format: {ContentType}; application/json is accepted");
        }

        using var body = new Body();
        await SendBodyAsync(body, cancellationToken).ConfigureAwait(false);
        return body.ToArray();
    }

    /// <summary>As much of a body as the server takes.</summary>
    private sealed class Body : MemoryStream
    {
        // All other ways to write come through this one.
        public override void Write(byte[] buffer, int offset, int count)
        {
            if (Length + count > MaxBytes)
            {
                throw ApiError.TooLarge($"limit is {MaxBytes}");
            }

            base.Write(buffer, offset, count);
        }
    }
}
