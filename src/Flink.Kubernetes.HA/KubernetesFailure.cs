namespace Flink.Kubernetes.HA;

/// <summary>Specifies the kind of failure of a <see cref="KubernetesHaException"/>.</summary>
public enum KubernetesFailure
{
    /// <summary>None of the kinds below; see the status code and the message.</summary>
    Other,

    /// <summary>The connection to the API server or the credential is not configured correctly; nothing was sent.</summary>
    Configuration,

    /// <summary>400: the server could not read the request.</summary>
    BadRequest,

    /// <summary>401: the credential was refused, even after it was read again.</summary>
    Unauthorized,

    /// <summary>403: the server refuses the request; its reason (RBAC, a quota, an admission plugin) is in the message.</summary>
    Forbidden,

    /// <summary>404: the object, or its namespace, does not exist.</summary>
    NotFound,

    /// <summary>409 with reason AlreadyExists: the name is taken.</summary>
    AlreadyExists,

    /// <summary>409: the object has changed, or a precondition does not hold.</summary>
    Conflict,

    /// <summary>410: the resource version or the continue token has expired.</summary>
    Gone,

    /// <summary>413: the request is larger than the server accepts.</summary>
    TooLarge,

    /// <summary>422: the object is not valid, or a <c>test</c> of a JSON Patch failed.</summary>
    Invalid,

    /// <summary>429: the server was too busy, even after retries; the request had no effect.</summary>
    TooManyRequests,

    /// <summary>The server could not be reached or answered 5xx, even after retries where they are harmless.</summary>
    Unavailable,

    /// <summary>No complete response arrived within the time limit of the request.</summary>
    Timeout,

    /// <summary>The response is not one of the Kubernetes API.</summary>
    UnexpectedResponse,
}
