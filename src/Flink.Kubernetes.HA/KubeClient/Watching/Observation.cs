namespace Flink.Kubernetes.HA.KubeClient.Watching;

/// <summary>The state of one object as a watch has last seen it.</summary>
/// <param name="Object">The object, or <see langword="null"/> when it does not exist.</param>
/// <param name="Timestamp">When it was seen in this state: <see cref="TimeProvider.GetTimestamp"/>.</param>
internal sealed record Observation<T>(T? Object, long Timestamp)
    where T : KubeObject;
