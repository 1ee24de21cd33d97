using Flink.Kubernetes.HA.Blobs;
using Flink.Kubernetes.HA.CleanUp;
using Flink.Kubernetes.HA.ConfigMaps;
using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.StateHandles;
using Flink.Kubernetes.HA.Storage;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.Maintenance;

/// <summary>Finds, and optionally deletes, data of a cluster without a pointer, and finds pointers whose data is missing.</summary>
/// <remarks>
/// <para>
/// Such data is left by crashes between an upload and its pointer, and by failed deletes. The storage is listed before the pointers are read, and
/// data younger than the grace period is kept, so data whose pointer is just being written is safe. In doubt, data is withheld and reported.
/// </para>
/// <para>
/// A sweep considers only what this library has written: <c>&lt;namespace&gt;/&lt;clusterId&gt;/&lt;component&gt;/&lt;stateId&gt;/&lt;key&gt;-&lt;32
/// hex&gt;</c> and <c>&lt;namespace&gt;/&lt;clusterId&gt;/blobs/&lt;jobId&gt;/&lt;32 hex&gt;</c>. Clusters of several namespaces may share a
/// storage. Clusters with the same ID and namespace in several Kubernetes clusters must not: each would treat the other's data as its own.
/// </para>
/// </remarks>
public sealed class Sweep
{
    private const int RandomEnd = 33;
    private const int MinimumDepth = 3;

    private readonly ConfigMapRequests _requests;
    private readonly IStateStorage _storage;
    private readonly string _namespaceName;
    private readonly string _clusterId;
    private readonly TimeProvider _timeProvider;
    private readonly TimeSpan _gracePeriod;

    /// <summary>Creates a sweep; sends no request.</summary>
    /// <param name="requests">The requests to the API server.</param>
    /// <param name="storage">The storage of the data.</param>
    /// <param name="namespaceName">The namespace of the cluster.</param>
    /// <param name="clusterId">The ID of the cluster.</param>
    /// <param name="options">The options. Default: a grace period of 1 day.</param>
    /// <param name="timeProvider">The clock for the age of data. Default: the system clock.</param>
    internal Sweep(
        ConfigMapRequests requests,
        IStateStorage storage,
        string namespaceName,
        string clusterId,
        SweepOptions? options = null,
        TimeProvider? timeProvider = null)
    {
        ArgumentNullException.ThrowIfNull(storage);
        ArgumentException.ThrowIfNullOrEmpty(namespaceName);
        ArgumentException.ThrowIfNullOrEmpty(clusterId);
        _gracePeriod = (options ?? new SweepOptions()).GracePeriod;
        (_requests, _storage, _namespaceName, _clusterId) = (requests, storage, namespaceName, clusterId);
        _timeProvider = timeProvider ?? TimeProvider.System;
    }

    /// <summary>Finds what could be deleted and what is missing; needs no leadership and changes nothing.</summary>
    /// <exception cref="StateStorageException">The storage could not be read.</exception>
    /// <exception cref="KubernetesHaException">A request failed.</exception>
    public async Task<SweepReport> FindAsync(CancellationToken cancellationToken = default)
    {
        var oldest = _timeProvider.GetUtcNow() - _gracePeriod;
        List<StateEntry> data = [];
        await foreach (var entry in _storage.ListAsync($"{HaNames.StorageRoot(_namespaceName, _clusterId)}/", cancellationToken).ConfigureAwait(false))
        {
            data.Add(entry);
        }

        // Read after the list: a pointer that is written later refers to data that is not on the list or is younger than the grace period.
        var references = await ReadReferencesAsync(cancellationToken).ConfigureAwait(false);
        var folders = data.Select(entry => entry.Key.Value.Split('/')).Where(parts => parts.Length > MinimumDepth).Select(parts => parts[2]).ToHashSet();
        var unnamed = data.Where(entry => entry.LastModified < oldest && !references.Names(entry.Key))
            .Select(entry => (Entry: entry, IsOrphan: Judge(entry, references, folders)))
            .ToList();
        return new SweepReport
        {
            Orphans = [.. unnamed.Where(item => item.IsOrphan == true).Select(item => item.Entry)],
            Withheld = [.. unnamed.Where(item => item.IsOrphan == false).Select(item => item.Entry)],
            MissingData = await FindMissingAsync(references.Live, [.. data.Select(entry => entry.Key)], cancellationToken).ConfigureAwait(false),
        };
    }

    /// <summary>Finds data as <see cref="FindAsync"/> does, and deletes the orphans and the remains of unfinished writes.</summary>
    /// <param name="term">A term of any component of the cluster, so that only one process sweeps.</param>
    /// <param name="cancellationToken">A token to cancel the operation.</param>
    /// <exception cref="ArgumentException">The term is of another cluster.</exception>
    /// <exception cref="LeadershipLostException">Leadership was lost.</exception>
    /// <exception cref="StateStorageException">The storage could not be read.</exception>
    /// <exception cref="KubernetesHaException">A request failed.</exception>
    public async Task<SweepReport> DeleteAsync(LeadershipTerm term, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(term);
        if (term.ClusterId != _clusterId || term.ConfigMap.Namespace != _namespaceName)
        {
            throw new ArgumentException(
                $"The term is of cluster {term.ClusterId} in {term.ConfigMap.Namespace}, and this sweep is for {_clusterId} in {_namespaceName}.", nameof(term));
        }

        term.ThrowIfNotLeading();
        var found = await FindAsync(cancellationToken).ConfigureAwait(false);
        var failures = await DataDeletion.DeleteAsync(term, _storage, found.Orphans.Select(entry => entry.Key), cancellationToken).ConfigureAwait(false);
        foreach (var (key, exception) in failures)
        {
            Log.SweepLeft(term.Logger, key.Value, exception);
        }

        var unfinished = await _storage.RemoveUnfinishedWritesAsync($"{HaNames.StorageRoot(_namespaceName, _clusterId)}/", _gracePeriod, cancellationToken).ConfigureAwait(false);
        return found with { Deleted = found.Orphans.Count - failures.Count, NotDeleted = failures.Count, UnfinishedWritesRemoved = unfinished };
    }

    /// <returns>Whether the data is an orphan; <see langword="null"/> if it is in use or was not written by this library.</returns>
    private static bool? Judge(StateEntry entry, ReferencedData references, HashSet<string> folders) => entry.Key.Value.Split('/') switch
    {
        [_, _, BlobKeys.Folder, var job, var name] when BlobKey.IsId(name) && JobId.TryParse(job, out var jobId) =>
            references.AreBlobsOrphans(jobId, folders.Contains(LeaderComponent.JobManager(jobId).Name)) switch
            {
                true => true,
                false => null,
                null => false,
            },
        [_, _, var component, var stateId, var name]
            when name.Length > RandomEnd && name[^RandomEnd] == '-' && name[^(RandomEnd - 1)..].All(char.IsAsciiHexDigitLower) =>
            references.IsOrphan(component, stateId, name[..^RandomEnd]),
        _ => null,
    };

    private async Task<ReferencedData> ReadReferencesAsync(CancellationToken cancellationToken) =>
        new(_namespaceName, _clusterId, await HaConfigMaps.ListAsync(_requests, isMetadataOnly: false, _namespaceName, _clusterId, cancellationToken).ConfigureAwait(false));

    /// <summary>Finds pointers that are still stored after their data was not found. Data is written before its pointer and deleted after
    /// it, so it is missing.</summary>
    private async Task<IReadOnlyList<StateHandle>> FindMissingAsync(
        IReadOnlyList<StateHandle> live, HashSet<StateKey> listed, CancellationToken cancellationToken)
    {
        List<StateHandle> missing = [];
        foreach (var handle in live.Where(handle => !listed.Contains(handle.State.Key)))
        {
            if (!await ExistsAsync(handle.State.Key, cancellationToken).ConfigureAwait(false))
            {
                missing.Add(handle);
            }
        }

        return missing.Count == 0 ? missing : [.. missing.Intersect((await ReadReferencesAsync(cancellationToken).ConfigureAwait(false)).Live)];
    }

    private async Task<bool> ExistsAsync(StateKey key, CancellationToken cancellationToken)
    {
        await foreach (var entry in _storage.ListAsync(key.Value, cancellationToken).ConfigureAwait(false))
        {
            if (entry.Key == key)
            {
                return true;
            }
        }

        return false;
    }
}
