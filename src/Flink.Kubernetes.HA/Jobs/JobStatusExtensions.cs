namespace Flink.Kubernetes.HA;

/// <summary>What a <see cref="JobStatus"/> means for a job's metadata.</summary>
public static class JobStatusExtensions
{
    /// <summary>Whether the job has ended for good: no leader of any process will go on with it, and only then may its metadata be removed.</summary>
    public static bool IsGloballyTerminal(this JobStatus status) => status is JobStatus.Failed or JobStatus.Canceled or JobStatus.Finished;
}
