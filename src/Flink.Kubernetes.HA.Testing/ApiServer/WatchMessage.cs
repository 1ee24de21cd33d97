using Flink.Kubernetes.HA.KubeClient;

namespace Flink.Kubernetes.HA.Testing.ApiServer;

/// <summary>One event of a watch; a bookmark has a revision and no object.</summary>
internal readonly record struct WatchMessage(WatchEventType Type, StoredObject? Object, long Revision);
