using Flink.Kubernetes.HA.LeaderElection.Heartbeats;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.LeaderElection.Locking;

/// <summary>The holder for which a contender waits, where the lock names a Lease by which it lives, or its Pod.</summary>
internal sealed class FollowedHolder(ElectionContext context)
{
    /// <summary>Longer than any lease: the wait ends with a change.</summary>
    private static readonly TimeSpan WhileItLives = TimeSpan.FromDays(1);

    private HolderReference? _reference;
    private IHolder? _holder;

    /// <summary>Why its Lease cannot be watched, or cannot be ended although it is silent.</summary>
    public LastingFailure? Failure => Volatile.Read(ref _holder)?.Failure;

    /// <summary>Follows what the lock names, if another process holds it; and nothing else any longer.</summary>
    public void Follow(LockState? state)
    {
        var reference = Named(state);
        if (reference == _reference)
        {
            return;
        }

        if (_reference is { } old && _holder is { } followed)
        {
            Volatile.Write(ref _holder, null);
            _reference = null;
            context.Heartbeats.Holders.Unfollow(old, followed);
        }

        if (reference is not null)
        {
            Volatile.Write(ref _holder, context.Heartbeats.Holders.Follow(reference));
            _reference = reference;
        }
    }

    /// <summary>How long the holder may still lead.</summary>
    public TimeSpan Remaining(LeaseObserver observer)
    {
        if (observer.IsMine || _holder is not { } holder)
        {
            return observer.Remaining();
        }

        if (observer.State?.Term is not { } term || term.FencingToken < observer.LastFencingToken)
        {
            // An older term than one that was seen here: restored from a copy. Whether its holder lives says nothing about who leads.
            return observer.Remaining();
        }

        if (!holder.End.IsCompletedSuccessfully)
        {
            return holder.IsOnlySign ? WhileItLives : observer.Remaining();
        }

        // Seen to end while the lock named it: nobody else can have taken the lock since, or the write is refused. What had ended before is in a
        // lock that may have been restored from a copy, and somebody may lead beside that.
        var end = holder.End.Result;
        return observer.Remaining(isHolderDead: end.WasAlive && end.Since >= observer.Since);
    }

    /// <summary>Waits for a change of the lock, or for the end of its holder.</summary>
    public async Task<bool> WaitForChangeAsync(LockWatch watch, TimeSpan limit, CancellationToken cancellationToken)
    {
        if (limit >= WhileItLives)
        {
            if (_holder is { End.IsCompletedSuccessfully: true })
            {
                // It has ended since the limit was computed.
                return true;
            }

            // Without a timer: contenders of thousands of locks wait for one holder.
            limit = Timeout.InfiniteTimeSpan;
        }

        if (_holder is not { End: { IsCompleted: false } end })
        {
            return await watch.WaitForChangeAsync(limit, cancellationToken).ConfigureAwait(false);
        }

        await Task.WhenAny(watch.Changed, end).EndsWithinAsync(limit, context.TimeProvider, cancellationToken).ConfigureAwait(false);
        return !watch.Changed.IsCompleted ? end.IsCompleted : await watch.WaitForChangeAsync(TimeSpan.Zero, cancellationToken).ConfigureAwait(false);
    }

    private HolderReference? Named(LockState? state)
    {
        if (state is not { Record: { IsReadable: true, IsReleased: false } record, Term: { } term }
            || record.HolderIdentity != term.HolderIdentity
            || record.HolderIdentity == context.Identity)
        {
            return null;
        }

        var pod = context.Options.ProofOfDeath ? term.Pod : null;
        return term.Lease is null && pod is null ? null : new HolderReference(term.Lease, pod);
    }
}
