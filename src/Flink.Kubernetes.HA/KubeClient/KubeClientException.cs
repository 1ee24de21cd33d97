using System.Net;

namespace Flink.Kubernetes.HA.KubeClient;

/// <summary>A request to the Kubernetes API failed: what was asked, what came back, and whether it may have taken effect.</summary>
public sealed class KubeClientException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="failure">The kind of failure.</param>
    /// <param name="message">What was asked, what went wrong and, where there is something to do, what to do.</param>
    /// <param name="innerException">The cause, for a failure of transport.</param>
    public KubeClientException(KubeFailure failure, string message, Exception? innerException = null)
        : base(message, innerException) => Failure = failure;

    /// <summary>The kind of failure.</summary>
    public KubeFailure Failure { get; }

    /// <summary>Whether a write may have taken effect although it failed; always <see langword="false"/> for reads.</summary>
    public bool IsOutcomeUnknown { get; init; }

    /// <summary>The HTTP status, or <see langword="null"/> when no answer came.</summary>
    public HttpStatusCode? StatusCode { get; init; }

    /// <summary>The <c>reason</c> of the server's Status, such as <c>AlreadyExists</c>.</summary>
    public string? Reason { get; init; }

    /// <summary>The verb as RBAC names it: get, list, watch, create, update, patch or delete.</summary>
    public string? Verb { get; init; }

    /// <summary>The resource as RBAC names it, such as <c>configmaps</c> or <c>leases.coordination.k8s.io</c>.</summary>
    public string? Resource { get; init; }

    /// <summary>The namespace that was asked.</summary>
    public string? Namespace { get; init; }

    /// <summary>The object that was asked for, or <see langword="null"/> for a collection.</summary>
    public string? ObjectName { get; init; }

    /// <summary>How long the server asked to wait before the next try.</summary>
    public TimeSpan? RetryAfter { get; init; }
}
