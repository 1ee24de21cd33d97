namespace Flink.Kubernetes.HA.ConfigMaps.Watching;

/// <summary>The latest state of one object, from a watch by its name, or from the one by label that serves all ConfigMaps of its cluster.</summary>
/// <remarks>
/// <para>What is called under the lock of <see cref="SharedWatches"/> says so. Only one of the two watches is the source at a time.</para>
/// <para>From the watch by label to the one by name it changes at any time: the latter begins with a list, which is a consistent read. Back it
/// changes only while both show the very same state, because resource versions are compared for equality only.</para>
/// </remarks>
internal sealed class WatchedObject(ObjectKey key, WatchedResource resource, bool isMetadataOnly, SharedWatches watches) : IWatchReader
{
    private ConfigMapWatch? _byName;
    private ClusterWatch? _cluster;
    private long _sequence;

    /// <summary>The number of subscribers; under the lock.</summary>
    public int Subscribers { get; set; }

    /// <summary>The latest state, and what is wrong with its watch; written under the lock.</summary>
    public LatestValue<WatchState> States { get; } = new();

    /// <summary>Whether a watch by name is its source; under the lock.</summary>
    public bool IsByName => _byName is not null;

    /// <summary>How long ago the failure began that lasts.</summary>
    public TimeSpan FailingFor => Source?.FailingFor ?? TimeSpan.Zero;

    private ConfigMapWatch? Source => Volatile.Read(ref _byName) ?? _cluster?.Watch;

    private WatchState Current => States.Latest.Value ?? WatchState.Initial;

    /// <summary>Begins; under the lock.</summary>
    /// <param name="cluster">The watch by label that may serve it, if it is a ConfigMap of the cluster.</param>
    public void Begin(ClusterWatch? cluster)
    {
        _cluster = cluster;
        if (cluster is null)
        {
            WatchByName();
        }
        else
        {
            cluster.Add(key.Name, this);
        }
    }

    /// <summary>Ends; under the lock. Readers end with <see cref="ObjectDisposedException"/>.</summary>
    /// <returns>The watches that have served it and nobody else.</returns>
    public IEnumerable<ConfigMapWatch> End()
    {
        // Readers end before the watch does: one that is slow to end must not publish to them, nor keep them waiting.
        States.Complete();
        var byLabel = _cluster?.Remove(key.Name);
        return new[] { _byName, byLabel }.OfType<ConfigMapWatch>();
    }

    /// <summary>Lists once more, in place of the connection that is open, which may be hung.</summary>
    /// <returns>Completes when the list has succeeded.</returns>
    public async Task RelistAsync()
    {
        ConfigMapWatch? asked = null;
        while (Source is { } source && source != asked)
        {
            // Again, if meanwhile the other watch has become its source.
            asked = source;
            await source.RelistAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Watches it by name from now on; under the lock.</summary>
    public void WatchByName()
    {
        if (_byName is null)
        {
            // What was wrong with the other watch is not wrong with this one.
            FailedByLabel(null);
            Volatile.Write(ref _byName, watches.Open(key.Namespace, key, ConfigMapSelection.Named(key.Name, isMetadataOnly, resource), this));
        }
    }

    /// <summary>Takes what the watch by label shows; under the lock.</summary>
    /// <param name="item">The object; <see langword="null"/> if it is gone, or has lost the labels.</param>
    /// <param name="isGapless">Whether no change was missed.</param>
    /// <param name="timestamp">When it was observed.</param>
    /// <param name="failure">What is wrong with that watch.</param>
    public void ObserveByLabel(ConfigMap? item, bool isGapless, long timestamp, Exception? failure)
    {
        if (item is null)
        {
            // Only a read by name tells whether it is gone.
            WatchByName();
        }
        else if (_byName is null)
        {
            Observe(item, isGapless, timestamp, failure);
        }
        else if (IsSame(Current.Observation?.ConfigMap, item))
        {
            watches.CloseLater(_byName);
            Volatile.Write(ref _byName, null);
            FailedByLabel(failure);
        }
    }

    /// <summary>Takes what is wrong with the watch by label; under the lock.</summary>
    public void FailedByLabel(Exception? failure)
    {
        if (_byName is null && Current.Failure != failure)
        {
            States.Publish(Current with { Failure = failure });
        }
    }

    public void Listed(ConfigMapWatch watch, IReadOnlyList<ConfigMap> items, long timestamp)
    {
        lock (watches.Gate)
        {
            ObserveByName(watch, items.FirstOrDefault(item => item.Key.Name == key.Name), isGapless: false, timestamp);
        }
    }

    public void Changed(ConfigMapWatch watch, ConfigMap item, bool isDeleted, long timestamp)
    {
        if (item.Key.Name == key.Name)
        {
            lock (watches.Gate)
            {
                ObserveByName(watch, isDeleted ? null : item, isGapless: true, timestamp);
            }
        }
    }

    public void Failed(ConfigMapWatch watch, Exception? failure)
    {
        lock (watches.Gate)
        {
            if (watch == _byName)
            {
                States.Publish(Current with { Failure = failure });
            }
        }
    }

    public bool IsEndedBy(ConfigMapWatch watch, KubernetesHaException refusal) => false;

    private void ObserveByName(ConfigMapWatch watch, ConfigMap? item, bool isGapless, long timestamp)
    {
        if (watch == _byName)
        {
            Observe(item, isGapless, timestamp, Current.Failure);
            _cluster?.Offer(key.Name, this, timestamp);
        }
    }

    private void Observe(ConfigMap? item, bool isGapless, long timestamp, Exception? failure)
    {
        var held = Current;
        if (held.Observation is null || !IsSame(held.Observation.ConfigMap, item))
        {
            _sequence += isGapless ? 1 : 2;
            States.Publish(new WatchState(new Observation(item, timestamp, _sequence), failure));
        }
        else if (held.Failure != failure)
        {
            States.Publish(held with { Failure = failure });
        }
    }

    // An unchanged state, as from a list after a failure, keeps its timestamp: a lease counts from when its state was first observed.
    private static bool IsSame(ConfigMap? one, ConfigMap? other) =>
        one is null || other is null
            ? one is null && other is null
            : one.Uid == other.Uid && one.ResourceVersion is not null && one.ResourceVersion == other.ResourceVersion;
}

/// <summary>What a watch has to say: the latest state of the object, and what is wrong with the watch itself.</summary>
/// <param name="Observation">The latest state; <see langword="null"/> before the first list has succeeded.</param>
/// <param name="Failure">Why the watch is currently impaired (such as a missing permission).</param>
internal sealed record WatchState(Observation? Observation, Exception? Failure)
{
    public static WatchState Initial { get; } = new(null, null);
}

/// <summary>The state of one ConfigMap as last observed by a watch.</summary>
/// <param name="ConfigMap">The ConfigMap, or <see langword="null"/> if it does not exist.</param>
/// <param name="Timestamp">When it was first observed in this state: a <see cref="TimeProvider.GetTimestamp"/>.</param>
/// <param name="Sequence">One more than that of the state before, if there was no other state of the object between the two.</param>
internal sealed record Observation(ConfigMap? ConfigMap, long Timestamp, long Sequence);
