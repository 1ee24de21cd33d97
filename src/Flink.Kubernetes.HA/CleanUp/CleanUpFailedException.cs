namespace Flink.Kubernetes.HA.CleanUp;

/// <summary>Not all could be cleaned up; what is left is safe, and resuming goes on from there, in this term or the next.</summary>
public sealed class CleanUpFailedException : Exception
{
    internal CleanUpFailedException(string what, IReadOnlyList<JobId> jobs, Exception innerException)
        : base($"{what} could not be cleaned up: {innerException.Message} What is left waits for the next ResumeAsync, of this term or the next.", innerException) => Jobs = jobs;

    /// <summary>The jobs of which something is left.</summary>
    public IReadOnlyList<JobId> Jobs { get; }
}
