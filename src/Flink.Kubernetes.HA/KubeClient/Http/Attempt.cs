namespace Flink.Kubernetes.HA.KubeClient.Http;

/// <summary>How one sending of a request ended: with a body, with the open stream of a watch, or with a failure that may allow another.</summary>
internal sealed record Attempt
{
    public byte[]? Body { get; init; }

    public HttpResponseMessage? Stream { get; init; }

    public KubeClientException? Failure { get; init; }

    public bool IsRetriable { get; init; }

    /// <summary>Reads may be repeated whenever the server might do better next time, writes only if it certainly did nothing.</summary>
    public static Attempt Failed(KubeRequest request, KubeClientException failure, TimeSpan longestWait) => new()
    {
        Failure = failure,
        IsRetriable = failure.Failure is KubeFailure.TooManyRequests or KubeFailure.Unavailable
            && !(request.IsWrite && failure.IsOutcomeUnknown)
            && !(failure.RetryAfter > longestWait),
    };
}
