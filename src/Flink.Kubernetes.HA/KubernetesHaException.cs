using System.Net;

namespace Flink.Kubernetes.HA;

/// <summary>The exception that is thrown when a request to the Kubernetes API fails.</summary>
/// <remarks>Neither the message nor an inner exception contains a token, a key or a request header.</remarks>
public sealed class KubernetesHaException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="failure">The kind of failure.</param>
    /// <param name="message">The request, what went wrong, and what to do about it where something can be done.</param>
    /// <param name="innerException">The cause, for a failure of the transport.</param>
    public KubernetesHaException(KubernetesFailure failure, string message, Exception? innerException = null)
        : base(message, innerException) => Failure = failure;

    /// <summary>The kind of failure.</summary>
    public KubernetesFailure Failure { get; }

    /// <summary>Whether a write may have taken effect although it failed; always <see langword="false"/> for reads.</summary>
    public bool IsOutcomeUnknown { get; init; }

    /// <summary>The HTTP status, or <see langword="null"/> if no response arrived.</summary>
    public HttpStatusCode? StatusCode { get; init; }

    /// <summary>The <c>reason</c> in the server's Status object, such as <c>AlreadyExists</c>.</summary>
    public string? Reason { get; init; }

    /// <summary>The verb as RBAC names it: get, list, watch, create, patch or delete.</summary>
    public string? Verb { get; init; }

    /// <summary>The resource as RBAC names it, such as <c>configmaps</c>.</summary>
    public string? Resource { get; init; }

    /// <summary>The namespace of the request.</summary>
    public string? Namespace { get; init; }

    /// <summary>The name of the requested object, or <see langword="null"/> for a collection.</summary>
    public string? ObjectName { get; init; }

    /// <summary>The delay that the server requested before the next attempt.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>What refused the request with 403: rbac, quota, terminating, admission or other.</summary>
    internal string? Denial { get; set; }

    /// <summary>Whether another failure is of the same kind, so that it is not logged again; messages may differ in ports and times.</summary>
    internal bool IsSameKind(Exception? other) =>
        other is KubernetesHaException failure
        && (Failure, Verb, Reason, Denial) == (failure.Failure, failure.Verb, failure.Reason, failure.Denial);
}
