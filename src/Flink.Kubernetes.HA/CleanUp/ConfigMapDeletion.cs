using Flink.Kubernetes.HA.ConfigMaps;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.CleanUp;

/// <summary>Deletes a component's ConfigMap if it is unchanged since it was read and has no leader.</summary>
/// <remarks>A held lock is treated as abandoned only after it has been unchanged for a full lease, as for any contender.</remarks>
internal sealed class ConfigMapDeletion(LeadershipTerm term)
{
    /// <summary>Deletes the ConfigMap; has no effect if it does not exist.</summary>
    /// <param name="key">The ConfigMap.</param>
    /// <param name="whoeverHolds">Whether to delete the ConfigMap even if its lock is held.</param>
    /// <param name="cancellationToken">A token to cancel the operation.</param>
    /// <exception cref="StillLedException">The component has a leader.</exception>
    /// <exception cref="KubernetesHaException">The ConfigMap was changed in between, or the request failed.</exception>
    public async Task RunAsync(ObjectKey key, bool whoeverHolds, CancellationToken cancellationToken)
    {
        var seen = await ReadAsync(key, cancellationToken).ConfigureAwait(false);
        if (seen is not null && !whoeverHolds && IsHeld(seen))
        {
            if (LockOf(seen).IsEndless)
            {
                // Its holder renews a Lease and not this record, so that the record stays the same shows nothing. A contender that ends the
                // Lease of a dead holder takes the lock and can release it.
                throw new StillLedException(key, LockOf(seen).HolderIdentity);
            }

            // As a contender: read twice, a lease and the clock error apart. The same record twice means that nobody renews it; the delete
            // then tests UID and version, so a leader that starts in between is not deleted.
            var lease = LockOf(seen).LeaseDuration ?? TimeSpan.Zero;
            lease = lease > term.Options.LeaseDuration ? lease : term.Options.LeaseDuration;
            await Task.Delay(lease * (1 + (2 * term.Options.MaxClockRateError)), term.TimeProvider, cancellationToken).ConfigureAwait(false);
            var later = await ReadAsync(key, cancellationToken).ConfigureAwait(false);
            seen = later is null || !IsHeld(later) || (later.Uid == seen.Uid && LockOf(later).Annotation == LockOf(seen).Annotation)
                ? later
                : throw new StillLedException(key, LockOf(later).HolderIdentity);
        }

        if (seen is not null)
        {
            await DeleteAsync(key, seen, cancellationToken).ConfigureAwait(false);
        }
    }

    public async Task DeleteAsync(ObjectKey key, ConfigMap seen, CancellationToken cancellationToken)
    {
        term.ThrowIfNotLeading();
        try
        {
            await term.Requests.DeleteAsync(key, seen.Uid, seen.ResourceVersion, cancellationToken).ConfigureAwait(false);
        }
        catch (KubernetesHaException exception) when (exception.Failure == KubernetesFailure.NotFound)
        {
            // Someone else was faster, or an earlier attempt whose response was lost.
        }
    }

    public async Task<ConfigMap?> ReadAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        try
        {
            return await term.Requests.GetAsync(key, metadataOnly: true, cancellationToken).ConfigureAwait(false);
        }
        catch (KubernetesHaException exception) when (exception.Failure == KubernetesFailure.NotFound)
        {
            return null;
        }
    }

    private static bool IsHeld(ConfigMap seen) => LockOf(seen) is { IsPresent: true, IsReleased: false };

    private static LeaderElectionRecord LockOf(ConfigMap seen) => LeaderElectionRecord.Parse(seen.Annotation(HaNames.LockAnnotation));
}

/// <summary>Lists all HA ConfigMaps of a cluster by their three labels.</summary>
internal static class HaConfigMaps
{
    /// <summary>Small pages, because a ConfigMap can have a megabyte; of metadata there are a few hundred bytes.</summary>
    private const int PageSize = 20;

    private const int MetadataPageSize = 500;

    private const int MostExpiries = 5;

    public static async Task<IReadOnlyList<ConfigMap>> ListAsync(
        ConfigMapRequests requests, bool isMetadataOnly, string namespaceName, string clusterId, CancellationToken cancellationToken)
    {
        for (var expiries = 0; ; expiries++)
        {
            try
            {
                return await ListOnceAsync(requests, isMetadataOnly, namespaceName, clusterId, cancellationToken).ConfigureAwait(false);
            }
            catch (KubernetesHaException exception) when (exception.Failure == KubernetesFailure.Gone && expiries < MostExpiries)
            {
                // The continue token has expired. Pages of two different lists do not fit together, so start over.
            }
        }
    }

    /// <summary>Returns the component of a ConfigMap, or <see langword="null"/> if its name is not one of this cluster.</summary>
    public static string? ComponentOf(string clusterId, string name)
    {
        const string End = "-leader";
        return name.StartsWith(clusterId + "-", StringComparison.Ordinal)
            && name.EndsWith(End, StringComparison.Ordinal)
            && name.Length > clusterId.Length + 1 + End.Length
            ? name[(clusterId.Length + 1)..^End.Length]
            : null;
    }

    private static async Task<IReadOnlyList<ConfigMap>> ListOnceAsync(
        ConfigMapRequests requests, bool isMetadataOnly, string namespaceName, string clusterId, CancellationToken cancellationToken)
    {
        var selector = HaNames.LabelSelector(clusterId);
        List<ConfigMap> items = [];
        string? next = null;
        do
        {
            var selection = new ConfigMapSelection { LabelSelector = selector, IsMetadataOnly = isMetadataOnly, Limit = isMetadataOnly ? MetadataPageSize : PageSize, Continue = next };
            var page = await requests.ListAsync(namespaceName, selection, cancellationToken).ConfigureAwait(false);
            items.AddRange(page.Items);
            next = page.Continue;
        }
        while (next is not null);
        return items;
    }
}
