using Flink.Kubernetes.HA.Blobs;
using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.StateHandles;
using Flink.Kubernetes.HA.Storage;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.CleanUp;

/// <summary>Finds, and deletes when told to, data of a cluster that no pointer names; and finds pointers whose data is missing.</summary>
/// <remarks>
/// <para>
/// Such data is left by crashes between an upload and its pointer, and by deletes that failed. The storage is listed before the pointers are read, and
/// what is younger than the grace period is spared, so data whose pointer is just being written is safe. In doubt data is withheld and reported.
/// </para>
/// <para>
/// It looks at what this library has written: <c>&lt;namespace&gt;/&lt;clusterId&gt;/&lt;component&gt;/&lt;key&gt;-&lt;32 hex&gt;</c> and
/// <c>&lt;namespace&gt;/&lt;clusterId&gt;/blobs/&lt;jobId&gt;/&lt;sha256&gt;</c>, and at nothing else. Blobs belong to jobs of a <see cref="Jobs.JobGraphStore{T}"/> or with a
/// JobManager's ConfigMap. Clusters of several namespaces may share a storage; clusters of one id in one namespace of several Kubernetes
/// clusters must not: each would take the other's data for its own.
/// </para>
/// </remarks>
public sealed class Sweep
{
    private const int RandomEnd = 33;

    private readonly IKubeClient _client;
    private readonly IStateStorage _storage;
    private readonly string _namespaceName;
    private readonly string _clusterId;
    private readonly TimeProvider _timeProvider;
    private readonly TimeSpan _gracePeriod;

    /// <summary>Creates a sweep; it sends no request.</summary>
    /// <param name="client">Reaches the API server.</param>
    /// <param name="storage">Holds the data.</param>
    /// <param name="namespaceName">The namespace of the cluster.</param>
    /// <param name="clusterId">The id of the cluster.</param>
    /// <param name="options">Default: a grace period of 1 day.</param>
    /// <param name="timeProvider">The clock that tells the age of data; default: the system's.</param>
    /// <exception cref="ArgumentOutOfRangeException">The grace period is shorter than a minute.</exception>
    public Sweep(IKubeClient client, IStateStorage storage, string namespaceName, string clusterId, SweepOptions? options = null, TimeProvider? timeProvider = null)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(storage);
        ArgumentException.ThrowIfNullOrEmpty(namespaceName);
        ArgumentException.ThrowIfNullOrEmpty(clusterId);
        _gracePeriod = (options ?? new SweepOptions()).GracePeriod;
        ArgumentOutOfRangeException.ThrowIfLessThan(_gracePeriod, SweepOptions.ShortestGracePeriod, nameof(options));
        (_client, _storage, _namespaceName, _clusterId) = (client, storage, namespaceName, clusterId);
        _timeProvider = timeProvider ?? TimeProvider.System;
    }

    /// <summary>Finds what could be deleted and what is missing; that needs no leadership and changes nothing.</summary>
    /// <exception cref="StateStorageException">The storage could not be read.</exception>
    /// <exception cref="KubeClientException">A request failed.</exception>
    public async Task<SweepReport> FindAsync(CancellationToken cancellationToken = default)
    {
        var oldest = _timeProvider.GetUtcNow() - _gracePeriod;
        List<StateEntry> data = [];
        await foreach (var entry in _storage.ListAsync($"{HaNames.StorageRoot(_namespaceName, _clusterId)}/", cancellationToken).ConfigureAwait(false))
        {
            data.Add(entry);
        }

        // Only now: a pointer that comes to be after this names data that the list does not have, or that is young.
        var references = await ReadReferencesAsync(cancellationToken).ConfigureAwait(false);
        var unnamed = data.Where(entry => entry.LastModified < oldest && !references.Names(entry.Key)).Select(entry => (Entry: entry, IsOrphan: Judge(entry, references))).ToList();
        return new SweepReport
        {
            Orphans = [.. unnamed.Where(item => item.IsOrphan == true).Select(item => item.Entry)],
            Withheld = [.. unnamed.Where(item => item.IsOrphan == false).Select(item => item.Entry)],
            MissingData = await FindMissingAsync(references.Live, [.. data.Select(entry => entry.Key)], cancellationToken).ConfigureAwait(false),
        };
    }

    /// <summary>Finds, and deletes the orphans and what writes left half-way.</summary>
    /// <param name="term">A term of any component of the cluster: so that it is done once.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ArgumentException">The term is one of another cluster.</exception>
    /// <exception cref="LeadershipLostException">The term leads no more.</exception>
    /// <exception cref="StateStorageException">The storage could not be read.</exception>
    /// <exception cref="KubeClientException">A request failed.</exception>
    public async Task<SweepReport> DeleteAsync(LeadershipTerm term, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(term);
        if (term.Context.ClusterId != _clusterId || term.Context.Requests.Key.Namespace != _namespaceName)
        {
            throw new ArgumentException($"The term is one of cluster {term.Context.ClusterId} in {term.Context.Requests.Key.Namespace}, and this sweeps {_clusterId} in {_namespaceName}.", nameof(term));
        }

        term.ThrowIfNotLeading();
        var found = await FindAsync(cancellationToken).ConfigureAwait(false);
        var deleted = 0;
        foreach (var entry in found.Orphans)
        {
            term.ThrowIfNotLeading();
            try
            {
                await _storage.DeleteAsync(entry.Key, cancellationToken).ConfigureAwait(false);
                deleted++;
            }
            catch (StateStorageException exception)
            {
                Log.SweepLeft(term.Context.Logger, entry.Key.Value, exception);
            }
        }

        var unfinished = await _storage.RemoveUnfinishedWritesAsync(_gracePeriod, cancellationToken).ConfigureAwait(false);
        return found with { Deleted = deleted, NotDeleted = found.Orphans.Count - deleted, UnfinishedWritesRemoved = unfinished };
    }

    /// <returns>Whether it is an orphan; <see langword="null"/> for what is in use or not of this library.</returns>
    private static bool? Judge(StateEntry entry, References references) => entry.Key.Value.Split('/') switch
    {
        [_, _, var component, var name] when name.Length > RandomEnd && name[^RandomEnd] == '-' && name[^(RandomEnd - 1)..].All(char.IsAsciiHexDigitLower) =>
            references.IsOrigin(component, name) ? null : references.IsOrphan(component, name[..^RandomEnd], entry.LastModified),
        [_, _, BlobKeys.Folder, var job, var name] when BlobKey.IsSha256(name) && JobId.TryParse(job, out var jobId) => references.AreBlobsOrphans(jobId) switch
        {
            true => true,
            false => null,
            null => false,
        },
        _ => null,
    };

    private async Task<References> ReadReferencesAsync(CancellationToken cancellationToken) =>
        new(_clusterId, await HaConfigMaps.ListAsync(_client, KubeResources.ConfigMaps, _namespaceName, _clusterId, cancellationToken).ConfigureAwait(false));

    /// <summary>A pointer that still stands after its data was looked for and not found has none: data is there before its pointer, and goes after it.</summary>
    private async Task<IReadOnlyList<StateHandle>> FindMissingAsync(IReadOnlyList<StateHandle> live, HashSet<StateKey> listed, CancellationToken cancellationToken)
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
