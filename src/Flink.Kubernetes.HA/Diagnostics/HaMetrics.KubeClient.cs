using System.Diagnostics.Metrics;

namespace Flink.Kubernetes.HA.Diagnostics;

internal sealed partial class HaMetrics
{
    private Histogram<double> _requestDuration = null!;

    public void RequestEnded(TimeSpan duration, string verb, string resource, string outcome)
    {
        if (_requestDuration.Enabled)
        {
            _requestDuration.Record(duration.TotalSeconds, new("verb", verb), new("resource", resource), new("outcome", outcome));
        }
    }

    private partial void CreateKubeClientInstruments() => _requestDuration = _meter.CreateHistogram(
        "flink.ha.kube_client.request.duration",
        "s",
        "Time from sending a request to the API server until its answer, by RBAC verb, resource and outcome (HTTP status or failure).",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] });
}
