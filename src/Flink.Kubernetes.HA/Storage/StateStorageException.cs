namespace Flink.Kubernetes.HA.Storage;

/// <summary>A storage could not do what was asked: what was asked, what went wrong, what to do, and whether it may have taken effect.</summary>
public sealed class StateStorageException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="failure">The kind of failure.</param>
    /// <param name="message">What was asked, what went wrong and what to do.</param>
    /// <param name="innerException">The cause, if there is one.</param>
    public StateStorageException(StateStorageFailure failure, string message, Exception? innerException = null)
        : base(message, innerException) => Failure = failure;

    /// <summary>The kind of failure.</summary>
    public StateStorageFailure Failure { get; }

    /// <summary>
    /// Whether a write or a delete may have taken effect, or may still, although it failed; always <see langword="false"/> for reads.
    /// </summary>
    /// <remarks>After such a write, take another key for the next try: the data may turn up under this one at any time.</remarks>
    public bool IsOutcomeUnknown { get; init; }

    /// <summary>The key that was asked for, or <see langword="null"/> for a list.</summary>
    public StateKey? Key { get; init; }

    /// <summary>Where that is, for people: a path or an address.</summary>
    public string? Location { get; init; }
}
