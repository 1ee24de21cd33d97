namespace Flink.Kubernetes.HA.Jobs;

/// <summary>How a job has ended for good.</summary>
public sealed record JobResult
{
    /// <summary>The most characters of <see cref="Message"/> that are kept.</summary>
    public const int MaximumMessageLength = 1024;

    /// <summary>Creates a result.</summary>
    /// <param name="jobId">The job.</param>
    /// <param name="status">How it has ended.</param>
    /// <param name="message">For people, such as why it failed; cut off after <see cref="MaximumMessageLength"/> characters.</param>
    /// <exception cref="ArgumentException">The status is not globally terminal: the job goes on, here or elsewhere.</exception>
    public JobResult(JobId jobId, JobStatus status, string? message = null)
    {
        if (!status.IsGloballyTerminal())
        {
            throw new ArgumentException($"Job {jobId} is {status}, which is not globally terminal: only a job that is Finished, Failed or Canceled has a result.", nameof(status));
        }

        JobId = jobId;
        Status = status;
        Message = message is { Length: > MaximumMessageLength } ? message[..(char.IsHighSurrogate(message[MaximumMessageLength - 1]) ? MaximumMessageLength - 1 : MaximumMessageLength)] : message;
    }

    /// <summary>The job.</summary>
    public JobId JobId { get; }

    /// <summary>How it has ended: globally terminal.</summary>
    public JobStatus Status { get; }

    /// <summary>For people, such as why it failed.</summary>
    public string? Message { get; }
}
