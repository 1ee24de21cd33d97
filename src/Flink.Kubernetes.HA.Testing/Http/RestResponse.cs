using Flink.Kubernetes.HA.Testing.ApiServer;

namespace Flink.Kubernetes.HA.Testing.Http;

/// <summary>An answer: JSON that is there, or a watch that brings it line by line.</summary>
internal sealed record RestResponse(int Status, ReadOnlyMemory<byte> Json)
{
    public const string ContentType = "application/json";

    /// <summary>The body of a watch; whoever has it disposes it.</summary>
    public WatchBody? Watch { get; init; }

    public int? RetryAfterSeconds { get; init; }

    public static RestResponse Of(ApiError error) =>
        new(error.Status, JsonText.ToUtf8(error.ToStatus())) { RetryAfterSeconds = error.RetryAfterSeconds };
}
