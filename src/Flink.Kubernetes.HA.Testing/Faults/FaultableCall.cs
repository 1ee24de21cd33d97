using System.Net;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.Testing.ApiServer;

namespace Flink.Kubernetes.HA.Testing.Faults;

/// <summary>What rules see of a call, and how its failures are told.</summary>
internal sealed record FaultableCall(string Verb, string Resource, string Namespace, string? Name)
{
    private bool IsWrite => KubeFailures.IsWrite(Verb);

    public bool IsAbout(string? verb, string? resource, string? name) =>
        (verb is null || verb == Verb) && (resource is null || resource == Resource) && (name is null || name == Name);

    /// <summary>It was not sent, and the caller can know that except after a time-out.</summary>
    public KubeClientException Failed(KubeFailure failure) => ToException(failure, "injected failure", IsWrite && failure == KubeFailure.Timeout);

    /// <summary>It was sent, and no answer came.</summary>
    public KubeClientException Lost(string what) => ToException(KubeFailure.Unavailable, what, IsWrite);

    private KubeClientException ToException(KubeFailure failure, string message, bool isOutcomeUnknown)
    {
        var (status, reason) = Answer(failure);
        return new KubeClientException(failure, $"{Verb} {Resource} {Namespace}/{Name}: {message}")
        {
            IsOutcomeUnknown = isOutcomeUnknown,
            StatusCode = status,
            Reason = reason,
            Verb = Verb,
            Resource = Resource,
            Namespace = Namespace,
            ObjectName = Name,
        };
    }

    private static (HttpStatusCode? Status, string? Reason) Answer(KubeFailure failure) => failure switch
    {
        KubeFailure.BadRequest => (HttpStatusCode.BadRequest, "BadRequest"),
        KubeFailure.Unauthorized => (HttpStatusCode.Unauthorized, "Unauthorized"),
        KubeFailure.Forbidden => (HttpStatusCode.Forbidden, "Forbidden"),
        KubeFailure.NotFound => (HttpStatusCode.NotFound, "NotFound"),
        KubeFailure.AlreadyExists => (HttpStatusCode.Conflict, "AlreadyExists"),
        KubeFailure.Conflict => (HttpStatusCode.Conflict, "Conflict"),
        KubeFailure.Gone => (HttpStatusCode.Gone, "Expired"),
        KubeFailure.TooLarge => (HttpStatusCode.RequestEntityTooLarge, "RequestEntityTooLarge"),
        KubeFailure.Invalid => (HttpStatusCode.UnprocessableEntity, "Invalid"),
        KubeFailure.TooManyRequests => (HttpStatusCode.TooManyRequests, "TooManyRequests"),
        _ => (null, null),
    };
}
