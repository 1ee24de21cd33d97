using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Flink.Kubernetes.HA.Jobs;

/// <summary>The permanent result of a job.</summary>
public sealed record JobResult
{
    /// <summary>The maximum length of <see cref="Message"/>, in bytes as it is stored: JSON in UTF-8.</summary>
    public const int MaximumMessageBytes = 1024;

    /// <summary>Creates a result.</summary>
    /// <param name="jobId">The job.</param>
    /// <param name="status">The status with which the job has ended.</param>
    /// <param name="message">A message for people, such as why the job failed; cut to <see cref="MaximumMessageBytes"/>.</param>
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
        Message = message is null ? null : Cut(message);
    }

    /// <summary>The job.</summary>
    public JobId JobId { get; }

    /// <summary>The globally terminal status with which the job has ended.</summary>
    public JobStatus Status { get; }

    /// <summary>A message for people, such as why the job failed.</summary>
    public string? Message { get; }

    private static string Cut(string message)
    {
        // An unpaired surrogate cannot be stored, and would make the result differ from itself when it is read again.
        var whole = new StringBuilder();
        var size = 0;
        foreach (var rune in message.EnumerateRunes())
        {
            size += JsonEncodedText.Encode(rune.ToString(), JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes.Length;
            if (size > MaximumMessageBytes)
            {
                break;
            }

            whole.Append(rune);
        }

        return whole.ToString();
    }
}
