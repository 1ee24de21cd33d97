namespace Flink.Kubernetes.HA.LeaderElection;

/// <summary>Specifies by what the leaders of a process show that they are alive.</summary>
public enum HeartbeatMode
{
    /// <summary>Each lock is renewed in its own ConfigMap, as every contender on ConfigMaps understands it: one write per component and period.</summary>
    ConfigMap,

    /// <summary>One Lease (<c>coordination.k8s.io/v1</c>) of the process is renewed, and each lock names it: one write per process and period,
    /// however many components it leads.</summary>
    /// <remarks>Contenders of this library understand both modes, whichever they use themselves. One that knows only client-go's form takes the
    /// lock for one with an endless lease, and waits until it is released; client-go before 0.27, which counts its own lease and not the one in
    /// the lock, would steal it, so do not mix the two on one component.</remarks>
    ProcessLease,
}
