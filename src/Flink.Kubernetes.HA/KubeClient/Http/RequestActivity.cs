using System.Diagnostics;
using Flink.Kubernetes.HA.Diagnostics;

namespace Flink.Kubernetes.HA.KubeClient.Http;

/// <summary>The span of one call, its retries included.</summary>
internal static class RequestActivity
{
    public static Activity? Start(KubeRequest request)
    {
        // Without listeners not even the name is put together.
        if (!HaMetrics.ActivitySource.HasListeners()
            || HaMetrics.ActivitySource.StartActivity($"kubernetes {request.Verb} {request.Resource}", ActivityKind.Client) is not { } activity)
        {
            return null;
        }

        activity.SetTag("http.request.method", request.Method.Method);
        activity.SetTag("server.address", request.Uri.Host);
        activity.SetTag("server.port", request.Uri.Port);
        activity.SetTag("k8s.namespace.name", request.Namespace);
        activity.SetTag("k8s.object.name", request.Name);
        return activity;
    }

    public static void Fail(Activity? activity, Exception exception)
    {
        if (activity is not null)
        {
            activity.SetTag("error.type", exception is KubeClientException failure ? failure.Failure.ToString() : exception.GetType().FullName);
            activity.SetStatus(ActivityStatusCode.Error, exception.Message);
        }
    }
}
