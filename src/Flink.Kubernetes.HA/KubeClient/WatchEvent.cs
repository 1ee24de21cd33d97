namespace Flink.Kubernetes.HA.KubeClient;

/// <summary>One event of a watch.</summary>
/// <param name="Type">What happened.</param>
/// <param name="Object">The object after the event; of a deleted one its last state; of a bookmark only the resource version.</param>
public sealed record WatchEvent<T>(WatchEventType Type, T Object)
    where T : KubeObject;
