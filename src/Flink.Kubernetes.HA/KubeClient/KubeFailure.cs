namespace Flink.Kubernetes.HA.KubeClient;

/// <summary>What kind of failure a <see cref="KubeClientException"/> tells of.</summary>
public enum KubeFailure
{
    /// <summary>None of the kinds below; see the status code and the message.</summary>
    Other,

    /// <summary>400: the server could not read the request.</summary>
    BadRequest,

    /// <summary>401: the credential was refused, also after it was read anew.</summary>
    Unauthorized,

    /// <summary>403: the credential lacks the verb on the resource that the message names.</summary>
    Forbidden,

    /// <summary>404: no such object.</summary>
    NotFound,

    /// <summary>409 with reason AlreadyExists: the name is taken.</summary>
    AlreadyExists,

    /// <summary>409: the object has changed, or a precondition does not hold.</summary>
    Conflict,

    /// <summary>410: the resource version or the continue token has expired.</summary>
    Gone,

    /// <summary>413: the request is larger than the server takes.</summary>
    TooLarge,

    /// <summary>422: the object is not valid, or a <c>test</c> of a JSON Patch failed.</summary>
    Invalid,

    /// <summary>429: the server is too busy, also after retries; the request had no effect.</summary>
    TooManyRequests,

    /// <summary>The server could not be reached, or answered 5xx, also after retries where they are harmless.</summary>
    Unavailable,

    /// <summary>No answer came within the client's request time limit.</summary>
    Timeout,

    /// <summary>The server answered something that is not the Kubernetes API.</summary>
    UnexpectedResponse,
}
