namespace Flink.Kubernetes.HA.Jobs;

/// <summary>Whether a job is to run, runs or has run (Flink's <c>JobSchedulingStatus</c>).</summary>
public enum JobSchedulingStatus
{
    /// <summary>It is there, and nobody leads it.</summary>
    Pending,

    /// <summary>It is there, and by its lock someone leads it; one that crashed counts until another has taken over.</summary>
    Running,

    /// <summary>It has ended for good.</summary>
    Done,
}
