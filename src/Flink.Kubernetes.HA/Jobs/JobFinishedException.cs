namespace Flink.Kubernetes.HA.Jobs;

/// <summary>The job has ended for good: it must not run again.</summary>
public sealed class JobFinishedException : Exception
{
    internal JobFinishedException(JobId jobId, JobStatus? status)
        : base($"Job {jobId} has ended{(status is null ? string.Empty : $" ({status})")} and must not run again. To run the same work once more, submit it under another job id.") =>
        (JobId, Status) = (jobId, status);

    /// <summary>The job.</summary>
    public JobId JobId { get; }

    /// <summary>How it has ended, where that is known.</summary>
    public JobStatus? Status { get; }
}
