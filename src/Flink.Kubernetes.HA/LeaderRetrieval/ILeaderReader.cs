using Flink.Kubernetes.HA.KubeClient;

namespace Flink.Kubernetes.HA.LeaderRetrieval;

/// <summary>Reads the leader from the object that holds it; whatever stands there, it does not throw.</summary>
internal interface ILeaderReader<T>
    where T : KubeObject
{
    /// <param name="item">The object, or <see langword="null"/> when it does not exist.</param>
    /// <param name="last">The leader that the state before told of.</param>
    LeaderReading Read(T? item, LeaderInformation? last);
}
