using System.Diagnostics.Metrics;

namespace Flink.Kubernetes.HA.Diagnostics;

internal sealed partial class HaMetrics
{
    private Counter<long> _leaderChanges = null!;
    private Histogram<double> _listenerDuration = null!;

    public void LeaderChanged() => _leaderChanges.Add(1);

    public void ListenerCalled(TimeSpan duration) => _listenerDuration.Record(duration.TotalSeconds);

    private partial void CreateLeaderRetrievalInstruments()
    {
        _leaderChanges = _meter.CreateCounter<long>(
            "flink.ha.leader_retrieval.changes", "{change}", "Changes of a component's leader that retrieval has heard of.");
        _listenerDuration = _meter.CreateHistogram(
            "flink.ha.leader_retrieval.listener.duration",
            "s",
            "Time that a listener took for one call; a slow one hears of fewer changes between.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10] });
    }
}
