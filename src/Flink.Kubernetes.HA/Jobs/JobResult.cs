namespace Flink.Kubernetes.HA.Jobs;

/// <summary>The permanent result of a job.</summary>
public sealed record JobResult
{
    /// <summary>The maximum length of <see cref="Message"/>, in characters.</summary>
    public const int MaximumMessageLength = 1024;

    /// <summary>Creates a result.</summary>
    /// <param name="jobId">The job.</param>
    /// <param name="status">The status with which the job has ended.</param>
    /// <param name="message">A message for people, such as why the job failed; truncated to <see cref="MaximumMessageLength"/> characters.</param>
    /// <exception cref="ArgumentException">The status is not globally terminal: the job continues, here or elsewhere.</exception>
    public JobResult(JobId jobId, JobStatus status, string? message = null)
    {
        if (!status.IsGloballyTerminal())
        {
            throw new ArgumentException(
                $"Job {jobId} is {status}, which is not globally terminal: only a job that is Finished, Failed or Canceled has a result.", nameof(status));
        }

        JobId = jobId;
        Status = status;
        Message = message is { Length: > MaximumMessageLength }
            ? message[..(char.IsHighSurrogate(message[MaximumMessageLength - 1]) ? MaximumMessageLength - 1 : MaximumMessageLength)]
            : message;
    }

    /// <summary>The job.</summary>
    public JobId JobId { get; }

    /// <summary>The globally terminal status with which the job has ended.</summary>
    public JobStatus Status { get; }

    /// <summary>A message for people, such as why the job failed.</summary>
    public string? Message { get; }
}
