namespace Flink.Kubernetes.HA.Storage;

/// <summary>Specifies the kind of failure of a <see cref="StateStorageException"/>.</summary>
public enum StateStorageFailure
{
    /// <summary>None of the kinds below; see the message and the inner exception.</summary>
    Other,

    /// <summary>There is no data with the key.</summary>
    NotFound,

    /// <summary>There already is data with the key; data is written once and never replaced.</summary>
    AlreadyExists,

    /// <summary>The storage itself does not exist: the volume is not mounted, or the bucket does not exist.</summary>
    StorageMissing,

    /// <summary>This process lacks the permission, or the storage is read-only.</summary>
    AccessDenied,

    /// <summary>The disk or a quota is full.</summary>
    OutOfSpace,

    /// <summary>The data is larger than the storage accepts.</summary>
    TooLarge,

    /// <summary>The storage throttled the request, even after retries.</summary>
    Throttled,

    /// <summary>The storage could not be reached, broke the connection or failed internally, even after retries.</summary>
    Unavailable,

    /// <summary>No response arrived within the time limit.</summary>
    Timeout,

    /// <summary>The data is not what was written: truncated, too long or changed.</summary>
    Corrupt,

    /// <summary>The storage lacks a feature that <see cref="IStateStorage"/> requires.</summary>
    Unsupported,
}
