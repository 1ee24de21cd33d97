using System.Globalization;
using System.Text.Json.Nodes;
using Flink.Kubernetes.HA.ConfigMaps;
using Flink.Kubernetes.HA.LeaderElection.Locking;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.LeaderElection.Heartbeats;

/// <summary>The requests about Leases: each with the election's own time limit, without retries, and with one of four outcomes.</summary>
/// <remarks>
/// A renewal tests that the process still holds the Lease; the end of a Lease tests the version at which it was silent. So of a late renewal
/// and an end one refuses the other, whichever comes first, and an ended Lease cannot be renewed again.
/// </remarks>
internal sealed class LeaseRequests(ConfigMapRequests requests, TimeSpan timeout)
{
    private static readonly string UidPath = PatchOperation.PathOf("metadata", "uid");
    private static readonly string HolderPath = PatchOperation.PathOf("spec", "holderIdentity");
    private static readonly string RenewTimePath = PatchOperation.PathOf("spec", "renewTime");

    private readonly ConfigMapRequests _limited = requests.WithTimeout(timeout);

    /// <summary>Creates the Lease, without times: the official client writes a time of a whole second in a form that the server refuses, and the
    /// first renewal follows at once. With its Pod, if that is known, Kubernetes deletes it.</summary>
    public Task<LockWriteResult> CreateAsync(ObjectKey key, HeartbeatContext context, PodReference? owner) => LockWriteResult.OfAsync(_limited.CreateLeaseAsync(
        key,
        HaNames.Labels(context.ClusterId),
        new LeaseSpec(context.Identity, null, context.Options.LeaseDuration),
        owner is null ? null : (owner.Name, owner.Uid),
        CancellationToken.None));

    /// <summary>Renews the Lease if this process still holds it.</summary>
    public Task<LockWriteResult> RenewAsync(ObjectKey key, string uid, string identity, DateTimeOffset time) => LockWriteResult.OfAsync(_limited.PatchLeaseAsync(
        key,
        ConfigMapPatch.Operations(
            PatchOperation.Test(UidPath, uid),
            PatchOperation.Test(HolderPath, identity),
            PatchOperation.Add(RenewTimePath, time.UtcDateTime.ToString(LeaderElectionRecord.MicroTimeFormat, CultureInfo.InvariantCulture))),
        CancellationToken.None));

    /// <summary>Ends the Lease for good, if it is still in the version that was observed.</summary>
    public Task<LockWriteResult> EndAsync(ObjectKey key, string resourceVersion, string endedBy) => LockWriteResult.OfAsync(_limited.PatchLeaseAsync(
        key,
        ConfigMapPatch.Merge(new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["resourceVersion"] = resourceVersion,
                ["annotations"] = new JsonObject { [HaNames.EndedByAnnotation] = endedBy },
            },
            ["spec"] = new JsonObject { ["holderIdentity"] = string.Empty },
        }),
        CancellationToken.None));

    public Task DeleteAsync(ObjectKey key, string uid) => _limited.DeleteLeaseAsync(key, uid, CancellationToken.None);

    /// <returns>The Lease, or <see langword="null"/> if it does not exist; or the failure.</returns>
    public async Task<(ConfigMap? Lease, Exception? Error)> ReadAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        try
        {
            return (await _limited.GetLeaseAsync(key, cancellationToken).ConfigureAwait(false), null);
        }
        catch (KubernetesHaException exception) when (exception.Failure == KubernetesFailure.NotFound)
        {
            return (null, null);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            return (null, exception);
        }
    }
}
