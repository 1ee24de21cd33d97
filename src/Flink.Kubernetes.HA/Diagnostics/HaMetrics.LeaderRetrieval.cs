using System.Diagnostics.Metrics;

namespace Flink.Kubernetes.HA.Diagnostics;

internal sealed partial class HaMetrics
{
    private Counter<long> _leaderChanges = null!;

    public void LeaderChanged() => _leaderChanges.Add(1);

    private partial void CreateLeaderRetrievalInstruments() => _leaderChanges = _meter.CreateCounter<long>(
        "flink.ha.leader_retrieval.changes", "{change}", "Changes of a component's leader that retrieval has heard of.");
}
