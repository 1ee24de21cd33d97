namespace Flink.Kubernetes.HA.Jobs;

/// <summary>The exception that is thrown when a job has ended permanently and must not run again.</summary>
public sealed class JobFinishedException : Exception
{
    internal JobFinishedException(JobId jobId, JobStatus? status)
        : base(
            $"Job {jobId} has ended{(status is null ? string.Empty : $" ({status})")} and must not run again. "
            + "To run the same work again, submit it with another job ID.") =>
        (JobId, Status) = (jobId, status);

    /// <summary>The job.</summary>
    public JobId JobId { get; }

    /// <summary>The status with which the job has ended, or <see langword="null"/> if it is not known.</summary>
    public JobStatus? Status { get; }
}
