using System.Diagnostics;
using System.Globalization;
using Flink.Kubernetes.HA.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.ConfigMaps;

/// <summary>The span, the metric and the debug line of one request.</summary>
internal readonly struct RequestTelemetry
{
    private readonly ApiRequest _request;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly HaMetrics _metrics;
    private readonly Activity? _activity;
    private readonly long _started;

    private RequestTelemetry(ApiRequest request, Uri server, TimeProvider timeProvider, ILogger logger, HaMetrics metrics)
    {
        (_request, _timeProvider, _logger, _metrics) = (request, timeProvider, logger, metrics);
        _started = timeProvider.GetTimestamp();

        // Without listeners, not even the name of the activity is composed.
        _activity = HaMetrics.ActivitySource.HasListeners() ? StartActivity($"kubernetes {request.Verb} {request.Resource}") : null;
        _activity?.SetTag("server.address", server.Host)
            .SetTag("server.port", server.Port)
            .SetTag("k8s.namespace.name", request.Namespace)
            .SetTag("k8s.object.name", request.Name);
    }

    public static RequestTelemetry Start(ApiRequest request, Uri server, TimeProvider timeProvider, ILogger logger, HaMetrics metrics) =>
        new(request, server, timeProvider, logger, metrics);

    public void Answered(int status)
    {
        var duration = _timeProvider.GetElapsedTime(_started);
        _metrics.RequestEnded(duration, _request.Verb, _request.Resource, status.ToString(CultureInfo.InvariantCulture));
        Log.RequestAnswered(_logger, _request, status, duration.TotalMilliseconds);
        _activity?.SetTag("http.response.status_code", status);
        StopActivity();
    }

    /// <summary>Records the failure and returns it, to be thrown.</summary>
    public Exception Failed(Exception exception)
    {
        var duration = _timeProvider.GetElapsedTime(_started);
        var failure = exception as KubernetesHaException;
        var kind = failure?.Failure.ToString() ?? (exception is OperationCanceledException ? "Canceled" : exception.GetType().Name);

        // A response that is not one of the API says 200 and is a failure all the same.
        var status = failure is { Failure: not KubernetesFailure.UnexpectedResponse } ? (int?)failure.StatusCode : null;
        _metrics.RequestEnded(duration, _request.Verb, _request.Resource, status?.ToString(CultureInfo.InvariantCulture) ?? kind);
        Log.RequestFailed(_logger, kind, duration.TotalMilliseconds, failure?.Message ?? _request.ToString());
        _activity?.SetTag("http.response.status_code", (int?)failure?.StatusCode)
            .SetTag("error.type", kind)
            .SetStatus(ActivityStatusCode.Error, exception.Message);
        StopActivity();
        return exception;
    }

#pragma warning disable CA1031 // Listeners are user code: an exception of theirs must not turn an answered request into a failed one.
    private static Activity? StartActivity(string name)
    {
        try
        {
            return HaMetrics.ActivitySource.StartActivity(name, ActivityKind.Client);
        }
        catch (Exception)
        {
            return null;
        }
    }

    private void StopActivity()
    {
        try
        {
            _activity?.Dispose();
        }
        catch (Exception)
        {
        }
    }
#pragma warning restore CA1031
}

/// <summary>The target of a request, as named in errors, logs and metrics.</summary>
internal sealed record ApiRequest(string Verb, string Namespace, string? Name = null)
{
    /// <summary>The API group; empty for the core group.</summary>
    public string Group { get; init; } = string.Empty;

    /// <summary>The resource in the plural, as RBAC rules list it.</summary>
    public string Plural { get; init; } = "configmaps";

    /// <summary>The resource as RBAC names it, with its group.</summary>
    public string Resource => Group.Length == 0 ? Plural : $"{Plural}.{Group}";

    public bool IsWrite => Verb is not ("get" or "list" or "watch");

    /// <summary>Returns the beginning of messages: <c>patch configmaps default/orders-dispatcher-leader</c>.</summary>
    public override string ToString() => Name is null ? $"{Verb} {Resource} in {Namespace}" : $"{Verb} {Resource} {Namespace}/{Name}";
}
