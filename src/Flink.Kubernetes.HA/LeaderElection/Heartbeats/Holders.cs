using Flink.Kubernetes.HA.ConfigMaps;
using Flink.Kubernetes.HA.ConfigMaps.Watching;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.LeaderElection.Heartbeats;

/// <summary>The other processes for which contenders of this process wait: each is followed once, for as long as one of them waits for it.</summary>
internal sealed class Holders(HeartbeatContext context, SharedWatches watches)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<HolderReference, (IHolder Holder, int Followers)> _followed = [];
    private readonly List<Task> _ending = [];

    public IHolder Follow(HolderReference reference)
    {
        lock (_gate)
        {
            var (holder, followers) = _followed.GetValueOrDefault(reference);
            holder ??= Create(reference);
            _followed[reference] = (holder, followers + 1);
            return holder;
        }
    }

    /// <summary>Ends it with its last follower, in the background: a takeover does not wait for a request that is under way there.</summary>
    public void Unfollow(HolderReference reference, IHolder holder)
    {
        lock (_gate)
        {
            var followers = _followed[reference].Followers - 1;
            if (followers > 0)
            {
                _followed[reference] = (holder, followers);
                return;
            }

            _followed.Remove(reference);
            _ending.RemoveAll(task => task.IsCompleted);
            _ending.Add(TaskExtensions.RunDetached(() => holder.DisposeAsync().AsTask()));
        }
    }

    /// <summary>Waits for those that are ending; the contenders have ended before.</summary>
    public Task EndAsync()
    {
        lock (_gate)
        {
            return Task.WhenAll(_ending);
        }
    }

    private IHolder Create(HolderReference reference)
    {
        var pod = reference.Pod is null ? null : new HolderPod(context, reference.Pod, Watch(reference.Pod.Name, WatchedResource.Pods));
        return reference.Lease is null ? pod! : new HolderLease(context, reference.Lease, Watch(reference.Lease.Name, WatchedResource.Leases), pod);
    }

    private WatchSubscription Watch(string name, WatchedResource resource) =>
        watches.Subscribe(new ObjectKey(context.Namespace, name), isMetadataOnly: false, resource);
}

/// <summary>What a lock names of its holder.</summary>
internal sealed record HolderReference(LeaseReference? Lease, PodReference? Pod);

/// <summary>Something by which another process shows that it is alive, or dead.</summary>
internal interface IHolder : IAsyncDisposable
{
    /// <summary>Completes when it is known that the process does not lead any more.</summary>
    Task<HolderEnd> End { get; }

    /// <summary>Whether the lock itself is not renewed, so that nothing else says that the holder lives.</summary>
    bool IsOnlySign { get; }

    /// <summary>Why its end would not be noticed.</summary>
    LastingFailure? Failure { get; }
}

/// <summary>How another process was seen to be over.</summary>
/// <param name="Since">When this process observed it: a <see cref="TimeProvider.GetTimestamp"/>.</param>
/// <param name="WasAlive">Whether this process has seen it alive before; if not, it may have ended long ago, and a lock that names it may have
/// been restored from a copy.</param>
internal sealed record HolderEnd(long Since, bool WasAlive);
