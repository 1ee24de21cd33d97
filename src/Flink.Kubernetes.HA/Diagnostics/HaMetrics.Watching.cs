using System.Diagnostics.Metrics;

namespace Flink.Kubernetes.HA.Diagnostics;

internal sealed partial class HaMetrics
{
    private Counter<long> _watchRestarts = null!;

    public void WatchRestarted(string resource, string reason) => _watchRestarts.Add(1, new("resource", resource), new("reason", reason));

    private partial void CreateWatchInstruments() => _watchRestarts = _meter.CreateCounter<long>(
        "flink.ha.watch.restarts",
        "{restart}",
        "Watch connections that ended and were opened again, by resource and reason (ended, expired, silent, failed).");
}
