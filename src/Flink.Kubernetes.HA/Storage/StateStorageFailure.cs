namespace Flink.Kubernetes.HA.Storage;

/// <summary>What kind of failure a <see cref="StateStorageException"/> tells of.</summary>
public enum StateStorageFailure
{
    /// <summary>None of the kinds below; see the message and the inner exception.</summary>
    Other,

    /// <summary>There is no data under the key.</summary>
    NotFound,

    /// <summary>There is data under the key already: data is written once and never replaced.</summary>
    AlreadyExists,

    /// <summary>The storage itself is not there: the folder is not mounted, the bucket does not exist.</summary>
    StorageMissing,

    /// <summary>This process may not do that, or the storage is read-only.</summary>
    AccessDenied,

    /// <summary>The disk or a quota is full.</summary>
    OutOfSpace,

    /// <summary>The data is larger than the storage takes.</summary>
    TooLarge,

    /// <summary>The storage asked to slow down, also after retries.</summary>
    Throttled,

    /// <summary>The storage could not be reached, broke the connection or failed within, also after retries.</summary>
    Unavailable,

    /// <summary>No answer came within the time limit.</summary>
    Timeout,

    /// <summary>The data is not what was written: truncated, too long or changed.</summary>
    Corrupt,

    /// <summary>The storage lacks what is needed to keep the promises of <see cref="IStateStorage"/>.</summary>
    Unsupported,
}
