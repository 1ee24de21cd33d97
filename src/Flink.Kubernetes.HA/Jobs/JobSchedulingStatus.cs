namespace Flink.Kubernetes.HA.Jobs;

/// <summary>The scheduling status of a job (Flink's <c>JobSchedulingStatus</c>).</summary>
public enum JobSchedulingStatus
{
    /// <summary>The job exists and has no leader.</summary>
    Pending,

    /// <summary>The job exists and its lock has a holder. A crashed holder is included until another one takes over.</summary>
    Running,

    /// <summary>The job has ended permanently.</summary>
    Done,
}
