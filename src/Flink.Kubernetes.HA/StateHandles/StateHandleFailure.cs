namespace Flink.Kubernetes.HA.StateHandles;

/// <summary>Specifies the kind of failure of a <see cref="StateHandleException"/>.</summary>
public enum StateHandleFailure
{
    /// <summary>There is already an entry with the key; it is unchanged, and nothing was written.</summary>
    AlreadyExists,

    /// <summary>There is no entry with the key; nothing was written.</summary>
    NotFound,

    /// <summary>The stored text is not the expected one; nothing was written.</summary>
    Changed,

    /// <summary>An entry cannot be read: it is not a pointer, or one of a newer version.</summary>
    Corrupt,

    /// <summary>A pointer leads to data of another ConfigMap, from which this one was copied.</summary>
    Foreign,

    /// <summary>See <see cref="ConfigMapMissingException"/>.</summary>
    ConfigMapMissing,

    /// <summary>See <see cref="ConfigMapFullException"/>.</summary>
    ConfigMapFull,

    /// <summary>See <see cref="StateLostException"/>.</summary>
    StateLost,

    /// <summary>See <see cref="StateOutcomeUnknownException"/>.</summary>
    OutcomeUnknown,
}
