using System.Diagnostics.Metrics;

namespace Flink.Kubernetes.HA.Diagnostics;

internal sealed partial class HaMetrics
{
    private Counter<long> _termsWon = null!;
    private Counter<long> _termsEnded = null!;

    private partial void CreateLeaderElectionInstruments()
    {
        _termsWon = _meter.CreateCounter<long>("flink.ha.leader_election.terms", "{term}", "Terms of leadership that this process has won.");
        _termsEnded = _meter.CreateCounter<long>("flink.ha.leader_election.terms_ended", "{term}", "Terms of this process that have ended, by reason.");
    }
}
