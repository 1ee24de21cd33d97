namespace Flink.Kubernetes.HA.KubeClient;

/// <summary>The kinds of watch events. ERROR events are thrown, not yielded.</summary>
public enum WatchEventType
{
    /// <summary>The object exists: it was created, or the watch has just begun.</summary>
    Added,

    /// <summary>The object has changed.</summary>
    Modified,

    /// <summary>The object is gone, or no longer matches the selector.</summary>
    Deleted,

    /// <summary>Nothing happened up to this resource version.</summary>
    Bookmark,
}
