using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.S3.Requests;

/// <summary>What an error of the server means.</summary>
/// <param name="Failure">Its kind.</param>
/// <param name="What">What went wrong and what to do.</param>
/// <param name="MayHaveActed">Whether the request may have taken effect, or may still.</param>
internal sealed record S3Failure(StateStorageFailure Failure, string What, bool MayHaveActed = false)
{
    /// <summary>Whether another try may succeed.</summary>
    public bool IsPassing { get; init; }

    /// <summary>Whether the multipart upload is gone: completed, or removed as unfinished.</summary>
    public bool IsUploadGone { get; init; }
}
