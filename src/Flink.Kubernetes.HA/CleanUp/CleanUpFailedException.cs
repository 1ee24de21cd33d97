namespace Flink.Kubernetes.HA.CleanUp;

/// <summary>The exception that is thrown when a clean-up could not be completed. It can be resumed, in this term or the next.</summary>
public sealed class CleanUpFailedException : Exception
{
    internal CleanUpFailedException(string what, IReadOnlyList<JobId> jobs, Exception innerException)
        : base(
            $"{what} could not be cleaned up: {innerException.Message} Resume to clean up the rest, in this term or the next.",
            innerException) => Jobs = jobs;

    /// <summary>The jobs that are not cleaned up completely.</summary>
    public IReadOnlyList<JobId> Jobs { get; }
}
