using Flink.Kubernetes.HA.Blobs;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.CleanUp;

/// <summary>Deletes a component's ConfigMap, if it is the one that was seen and nobody leads by it.</summary>
/// <remarks>A lock that is held counts as left behind only when it has stood unchanged for a whole lease, as for any contender.</remarks>
internal sealed class ConfigMapDeletion(LeadershipTerm term)
{
    private static readonly KubeResource<PartialObjectMetadata> Resource = KubeResources.ConfigMaps.MetadataOnly;

    private readonly IKubeClient _client = term.Context.Requests.Client;

    /// <summary>Deletes it; one that is not there is no error.</summary>
    /// <param name="key">The ConfigMap.</param>
    /// <param name="whoeverHolds">Whether to delete it also where its lock is held.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="StillLedException">Somebody leads.</exception>
    /// <exception cref="KubeClientException">It has changed just now, or the request failed.</exception>
    public async Task RunAsync(ObjectKey key, bool whoeverHolds, CancellationToken cancellationToken)
    {
        var seen = await ReadAsync(key, cancellationToken).ConfigureAwait(false);
        if (seen is not null && !whoeverHolds && IsHeld(seen))
        {
            var lease = LockOf(seen).LeaseDuration ?? TimeSpan.Zero;
            lease = lease > term.Context.Options.LeaseDuration ? lease : term.Context.Options.LeaseDuration;
            await Task.Delay(lease * (1 + (2 * term.Context.Options.MaxClockRateError)), term.Context.TimeProvider, cancellationToken).ConfigureAwait(false);
            var later = await ReadAsync(key, cancellationToken).ConfigureAwait(false);
            seen = later is null || !IsHeld(later) || (later.Metadata.Uid == seen.Metadata.Uid && LockOf(later).Annotation == LockOf(seen).Annotation)
                ? later
                : throw new StillLedException(key, LockOf(later).HolderIdentity);
        }

        if (seen is not null)
        {
            await DeleteAsync(key, seen, cancellationToken).ConfigureAwait(false);
        }
    }

    public async Task DeleteAsync(ObjectKey key, KubeObject seen, CancellationToken cancellationToken)
    {
        term.ThrowIfNotLeading();
        try
        {
            await _client.DeleteAsync(Resource, key, new DeletePreconditions(seen.Metadata.Uid, seen.Metadata.ResourceVersion), cancellationToken).ConfigureAwait(false);
        }
        catch (KubeClientException exception) when (exception.Failure == KubeFailure.NotFound)
        {
            // Somebody was faster, or an earlier try of ours was.
        }
    }

    public async Task<PartialObjectMetadata?> ReadAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        try
        {
            return await _client.GetAsync(Resource, key, cancellationToken).ConfigureAwait(false);
        }
        catch (KubeClientException exception) when (exception.Failure == KubeFailure.NotFound)
        {
            return null;
        }
    }

    private static bool IsHeld(KubeObject seen) => LockOf(seen) is { IsPresent: true, IsReleased: false };

    private static LeaderElectionRecord LockOf(KubeObject seen) => LeaderElectionRecord.Parse(seen.Metadata.Annotations?.GetValueOrDefault(HaNames.LockAnnotation));
}
