namespace Flink.Kubernetes.HA.Storage.FileSystem;

/// <summary>What a step of a call means for the data, when it fails.</summary>
internal enum FileEffect
{
    /// <summary>Nothing has changed.</summary>
    None,

    /// <summary>The failing step may have changed it.</summary>
    Possible,

    /// <summary>A step before has changed it.</summary>
    Done,
}
