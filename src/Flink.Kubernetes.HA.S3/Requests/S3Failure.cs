using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.S3.Requests;

/// <summary>The meaning of an error.</summary>
/// <param name="Failure">The kind of failure.</param>
/// <param name="What">What went wrong, and what to do about it.</param>
/// <param name="MayHaveActed">Whether the request may have taken effect, or may still take effect.</param>
internal sealed record S3Failure(StateStorageFailure Failure, string What, bool MayHaveActed = false)
{
    /// <summary>Whether a retry may succeed.</summary>
    public bool IsPassing { get; init; }

    /// <summary>Whether the multipart upload no longer exists: it was completed, or removed as unfinished.</summary>
    public bool IsUploadGone { get; init; }
}
