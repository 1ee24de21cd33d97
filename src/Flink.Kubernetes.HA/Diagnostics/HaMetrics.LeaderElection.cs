using System.Diagnostics.Metrics;

namespace Flink.Kubernetes.HA.Diagnostics;

internal sealed partial class HaMetrics
{
    private UpDownCounter<int> _leading = null!;
    private Counter<long> _termsWon = null!;
    private Histogram<double> _termDuration = null!;
    private Counter<long> _failedRenewals = null!;

    public void TermWon(string component)
    {
        var tag = new KeyValuePair<string, object?>("component", component);
        _termsWon.Add(1, tag);
        _leading.Add(1, tag);
    }

    public void TermEnded(string component, string reason, TimeSpan duration)
    {
        _leading.Add(-1, new KeyValuePair<string, object?>("component", component));
        _termDuration.Record(duration.TotalSeconds, new("component", component), new("reason", reason));
    }

    public void RenewalFailed(string component) => _failedRenewals.Add(1, new KeyValuePair<string, object?>("component", component));

    private partial void CreateLeaderElectionInstruments()
    {
        _leading = _meter.CreateUpDownCounter<int>("flink.ha.leader_election.leading", "{component}", "Components that this process leads now.");
        _termsWon = _meter.CreateCounter<long>("flink.ha.leader_election.terms", "{term}", "Terms of leadership that this process has won.");
        _termDuration = _meter.CreateHistogram("flink.ha.leader_election.term.duration", "s", "How long terms of this process have lasted, by the reason that ended them.", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [1, 10, 60, 600, 3600, 21600, 86400, 604800] });
        _failedRenewals = _meter.CreateCounter<long>("flink.ha.leader_election.failed_renewals", "{renewal}", "Renewals that have failed or whose answer was lost; each is tried again until the renew deadline.");
    }
}
