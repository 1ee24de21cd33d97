namespace Flink.Kubernetes.HA.Storage.Objects;

/// <summary>The writer of an object.</summary>
internal enum ObjectWriter
{
    /// <summary>The object could not be read.</summary>
    Unknown,

    /// <summary>There is no object.</summary>
    Nobody,

    /// <summary>The object was created by this write.</summary>
    This,

    /// <summary>The object was created by another write.</summary>
    Another,
}
