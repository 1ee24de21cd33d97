namespace Flink.Kubernetes.HA.StateHandles.Writing;

/// <summary>What a read tells of a write whose answer was lost.</summary>
internal enum WriteVerdict
{
    /// <summary>It has taken effect.</summary>
    Written,

    /// <summary>It has not, and never will.</summary>
    NotWritten,

    /// <summary>It has not, but it still may: the lock is as it was when it was sent.</summary>
    MayComeLate,

    /// <summary>Another has taken the lock. It will not take effect any more; whether it did, and was undone, nobody knows. No entry names its data.</summary>
    Overtaken,

    /// <summary>The ConfigMap is another one under the same name: nothing is known.</summary>
    Replaced,
}
