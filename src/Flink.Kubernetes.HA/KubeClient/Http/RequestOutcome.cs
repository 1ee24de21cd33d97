using System.Globalization;

namespace Flink.Kubernetes.HA.KubeClient.Http;

/// <summary>The value of the metric's tag <c>outcome</c>: the HTTP status, or why there was none.</summary>
internal static class RequestOutcome
{
    public static string Of(int? status, string? failure) => failure is null or not ("Timeout" or "Cancelled" or "Unavailable") || status >= 500
        ? status?.ToString(CultureInfo.InvariantCulture) ?? failure ?? "Other"
        : failure;
}
