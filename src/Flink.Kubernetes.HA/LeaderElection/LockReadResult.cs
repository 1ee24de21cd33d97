namespace Flink.Kubernetes.HA.LeaderElection;

/// <summary>What a read found: a state, nothing (the ConfigMap does not exist), or an error.</summary>
internal readonly record struct LockReadResult(LockState? State, Exception? Error)
{
    public bool IsDeleted => State is null && Error is null;
}
