using Flink.Kubernetes.HA.LeaderElection;

namespace Flink.Kubernetes.HA.Blobs;

internal static class TermChecks
{
    /// <summary>Checks by the clock, also where a pause of the process has kept the loss from being noticed.</summary>
    /// <exception cref="LeadershipLostException">The term leads no more.</exception>
    public static void ThrowIfNotLeading(this LeadershipTerm term)
    {
        if (!term.IsLeading)
        {
            throw term.Keeper.Loss?.ToException(term.Component) ?? new LeadershipLostException(
                term.Component, LeadershipLossReason.RenewDeadlineExceeded, $"Nothing was written: the lock of {term.Component} was not renewed in time.");
        }
    }
}
