namespace Flink.Kubernetes.HA.S3.Requests;

/// <summary>Whose data there is under a key.</summary>
internal enum S3Writer
{
    /// <summary>It could not be read.</summary>
    Unknown,

    /// <summary>There is none.</summary>
    Nobody,

    /// <summary>It was written by the write that asks.</summary>
    This,

    /// <summary>It was written by another.</summary>
    Another,
}
