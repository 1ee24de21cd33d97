namespace Flink.Kubernetes.HA.KubeClient.Http;

/// <summary>Reads the Retry-After header: seconds, or a date; <see langword="null"/> when it asks for no wait.</summary>
internal static class RetryAfter
{
    public static TimeSpan? Of(HttpResponseMessage response, TimeProvider timeProvider)
    {
        if (response.Headers.RetryAfter is not { } header)
        {
            return null;
        }

        // A date is by the server's clock, and so is the answer's Date: their difference needs no clock of ours.
        var wait = header.Delta ?? header.Date - (response.Headers.Date ?? timeProvider.GetUtcNow());
        return wait > TimeSpan.Zero ? wait : null;
    }
}
