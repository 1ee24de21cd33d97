namespace Flink.Kubernetes.HA.Storage;

/// <summary>The exception that is thrown when an operation of a storage fails.</summary>
public sealed class StateStorageException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="failure">The kind of failure.</param>
    /// <param name="message">The operation, what went wrong, and what to do about it.</param>
    /// <param name="innerException">The cause, if there is one.</param>
    public StateStorageException(StateStorageFailure failure, string message, Exception? innerException = null)
        : base(message, innerException) => Failure = failure;

    /// <summary>The kind of failure.</summary>
    public StateStorageFailure Failure { get; }

    /// <summary>
    /// Whether a failed write or delete may have taken effect, or may still take effect; always <see langword="false"/> for reads.
    /// </summary>
    /// <remarks>After such a write, use another key for the next attempt: the data may appear under this one at any time.</remarks>
    public bool IsOutcomeUnknown { get; init; }

    /// <summary>The key of the operation, or <see langword="null"/> for a list.</summary>
    public StateKey? Key { get; init; }

    /// <summary>The location of the data, for people: a path or an address.</summary>
    public string? Location { get; init; }
}
