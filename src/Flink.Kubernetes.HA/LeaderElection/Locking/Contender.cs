using Flink.Kubernetes.HA.ConfigMaps.Watching;
using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.LeaderElection.Heartbeats;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.LeaderElection.Locking;

/// <summary>Waits until the lock is free and takes it; sends no requests while another process holds it.</summary>
/// <remarks>One per election service: what it has seen, and how the last term ended, outlives an enumeration.</remarks>
internal sealed class Contender(ElectionContext context)
{
    /// <summary>A few times the latency of a watch event: within it the other standbys observe that the lock is taken.</summary>
    private static readonly TimeSpan StaggerSlot = TimeSpan.FromMilliseconds(10);

    private readonly LeaseObserver _lease = new(context.Options, context.Identity, context.TimeProvider);
    private readonly LockAcquisition _acquisition = new(context);
    private readonly TakeoverStagger _stagger = new(StaggerSlot, Random.Shared);
    private readonly FollowedHolder _holder = new(context);
    private readonly TimeProvider _time = context.TimeProvider;
    private Observation? _seen;
    private long? _restSince;
    private string? _awaited;
    private bool _wasOurs;

    /// <summary>Why the Lease of the holder cannot be watched, or cannot be ended although it is silent.</summary>
    public LastingFailure? HolderFailure => _holder.Failure;

    /// <summary>Records how this process's last term ended.</summary>
    public void TermEnded(LeadershipLossReason reason, long endedAt, LockHistory history)
    {
        _lease.Left(history);
        if (reason == LeadershipLossReason.Released)
        {
            // Other contenders go first, for one retry period: a process that released the lock on purpose should not win it back.
            // Counted from the release: a caller that has waited since, as the hosted service does, does not wait again.
            _restSince = endedAt;
        }
    }

    /// <summary>Ends what is followed between two terms.</summary>
    public void Unfollow() => _holder.Follow(null);

    /// <summary>Waits for the lock and takes it.</summary>
    /// <exception cref="OperationCanceledException">The token was canceled; the lock is not left behind.</exception>
    public async Task<WonLock> WinAsync(LockWatch watch, string? address, CancellationToken cancellationToken)
    {
        while (true)
        {
            // 1. The newest state that is known, from the watch or from a read. It may be stale; step 4 tests that.
            await ObserveAsync(watch, cancellationToken).ConfigureAwait(false);
            if (_lease.State?.ForeignOwner(context.ClusterId, _wasOurs) is { } owner)
            {
                ReportForeign(owner);
                await watch.WaitForChangeAsync(ElectionProblems.RepeatAfter, cancellationToken).ConfigureAwait(false);
                continue;
            }

            // 2. Wait in silence for the rest of the holder's lease, or for the end of the Lease by which it lives. Any change in the meantime
            //    starts over.
            _holder.Follow(_lease.State);
            var turn = UntilMyTurn();
            if (turn > TimeSpan.Zero)
            {
                ReportWait();
                if (await _holder.WaitForChangeAsync(watch, turn, cancellationToken).ConfigureAwait(false) || _holder.Remaining(_lease) > TimeSpan.Zero)
                {
                    // Timers can fire early; the clock decides whether the lease has expired.
                    continue;
                }
            }

            // 3. The last point at which a cancellation leaves nothing behind. The write below cannot be canceled.
            cancellationToken.ThrowIfCancellationRequested();

            // 4. One compare-and-swap on the version that was observed in step 1. If the leader renewed, or another standby took
            //    the lock, since that version, the API server refuses the write: a hung watch cannot steal from a live leader.
            if (await AttemptAsync(watch, address, cancellationToken).ConfigureAwait(false) is { } won)
            {
                // 5. Canceled while the write was on its way: nobody will receive the term, so its lock must not stay held for a lease.
                await ReleaseIfCanceledAsync(watch, won, cancellationToken).ConfigureAwait(false);
                _lease.Won(won);
                Unfollow();
                _stagger.RaceWon();
                context.Problems.Over();
                return won;
            }
        }
    }

    private async Task ObserveAsync(LockWatch watch, CancellationToken cancellationToken)
    {
        while (watch.Current is null)
        {
            await watch.WaitForChangeAsync(Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(false);
        }

        // A state that was read in between is used until the watch reports something new. If that event is older than the read,
        // the worst case is a refused write and a longer wait: step 4 tests the version, and a change restarts the lease.
        if (!ReferenceEquals(_seen, watch.Current))
        {
            _seen = watch.Current;
            Observe(LockState.Of(_seen!.ConfigMap), _seen.Timestamp, _seen.Sequence);
        }
    }

    private void Observe(LockState? state, long timestamp, long? sequence = null)
    {
        _lease.Observe(state, timestamp, sequence);
        _wasOurs |= state?.IsOwnedBy(context.ClusterId) == true;
        if (state is { HasLock: true, Record.IsReleased: false } && !_lease.IsMine)
        {
            // Another contender has had its turn.
            _restSince = null;
        }
    }

    private TimeSpan UntilMyTurn()
    {
        var rest = _restSince is { } since ? context.Options.RetryPeriod - _time.GetElapsedTime(since) : TimeSpan.Zero;
        if (_lease.IsMine)
        {
            // Nobody else may take it before its lease expires, and this process does not lead by it, so it can be taken again at once,
            // with a new session and token.
            return rest > TimeSpan.Zero ? rest : TimeSpan.Zero;
        }

        var lease = _holder.Remaining(_lease);
        return TimeSpan.FromTicks(Math.Max(0, Math.Max(lease.Ticks, rest.Ticks))) + _stagger.NextDelay();
    }

    /// <summary>Makes one attempt, and finds out what became of it.</summary>
    private async Task<WonLock?> AttemptAsync(LockWatch watch, string? address, CancellationToken cancellationToken)
    {
        if (_lease.State is not { } state)
        {
            await AfterAttemptAsync(watch, await CreateAsync(cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
            return null;
        }

        ProcessLeaseMember? member = null;
        if (context.Options.HeartbeatMode == HeartbeatMode.ProcessLease)
        {
            try
            {
                member = await context.Heartbeats.JoinAsync().ConfigureAwait(false);
            }
            catch (KubernetesHaException exception)
            {
                await AfterAttemptAsync(watch, new LockAttempt(LockWriteOutcome.Failed, Error: exception), cancellationToken).ConfigureAwait(false);
                return null;
            }
        }

        WonLock? won = null;
        WonLock? unknown = null;
        try
        {
            var attempt = await TakeAsync(state, address, member, cancellationToken).ConfigureAwait(false);
            if (attempt.Outcome == LockWriteOutcome.Written)
            {
                return won = attempt.Won;
            }

            if (attempt is { Outcome: LockWriteOutcome.Unknown, Won: { } maybeWon })
            {
                unknown = maybeWon;
                _lease.Left(new LockHistory(maybeWon));
            }

            await AfterAttemptAsync(watch, attempt, cancellationToken).ConfigureAwait(false);
            return won = IsWon(attempt) ? attempt.Won : null;
        }
        finally
        {
            if (won is null && unknown is not null && member is not null)
            {
                // It may still arrive, and would be held for as long as this process lives.
                var release = new TermRelease(context, new LockHistory(unknown), unknown.Term, member, () => member.SinceRenewal);
                _ = TaskExtensions.RunDetached(() => release.SettleAttemptAsync(unknown));
            }
            else if (won is null)
            {
                member?.Leave();
            }
        }
    }

    private async Task<LockAttempt> CreateAsync(CancellationToken cancellationToken)
    {
        using var turn = await context.Requests.Budget.ContendAsync(cancellationToken).ConfigureAwait(false);
        return await _acquisition.CreateAsync().ConfigureAwait(false);
    }

    private async Task<LockAttempt> TakeAsync(LockState state, string? address, ProcessLeaseMember? member, CancellationToken cancellationToken)
    {
        using var turn = await context.Requests.Budget.ContendAsync(cancellationToken).ConfigureAwait(false);
        return await _acquisition.TakeAsync(state, _lease.LastFencingToken, address, member).ConfigureAwait(false);
    }

    private async Task<LockReadResult> ReadAsync(CancellationToken cancellationToken)
    {
        using var turn = await context.Requests.Budget.ContendAsync(cancellationToken).ConfigureAwait(false);
        return await context.Requests.ReadAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Whether the lock of an acquisition whose response was lost is stored, recently enough to continue with.</summary>
    /// <remarks>On a path that loses every response, a lock that was taken again after each would never be won. With less than half of the
    /// deadline left the first renewal could come too late; the lock is then taken again.</remarks>
    private bool IsWon(LockAttempt attempt) =>
        attempt is { Outcome: LockWriteOutcome.Unknown, Won: { } won }
        && new LockHistory(won).Judge(_lease.State).Verdict == LockVerdict.Latest
        && _time.GetElapsedTime(won.Sent.SentAt) < context.Options.RenewDeadline / 2;

    private async Task AfterAttemptAsync(LockWatch watch, LockAttempt attempt, CancellationToken cancellationToken)
    {
        switch (attempt.Outcome)
        {
            case LockWriteOutcome.Written:
                // Created without a holder; the next iteration takes the lock.
                Observe(attempt.State, _time.GetTimestamp());
                break;
            case LockWriteOutcome.Refused:
                // Another contender was faster, or the leader is alive. The watch usually reports it at once; if the watch lags or
                // hangs, ask the server, or the same stale version would be tried again and again.
                context.Problems.Over();
                _stagger.RaceLost();
                if (!await watch.WaitForChangeAsync(context.RetryDelay(), cancellationToken).ConfigureAwait(false))
                {
                    await ReadUntilKnownAsync(watch, null, cancellationToken).ConfigureAwait(false);
                }

                break;
            case LockWriteOutcome.Failed:
                context.Problems.CannotContend(attempt.Error!.Message, attempt.Error);
                await watch.WaitForChangeAsync(context.FailureDelay(attempt.Error), cancellationToken).ConfigureAwait(false);
                break;
            default:
                Log.AcquisitionUnknown(context.Logger, context.Name, context.ConfigMap, attempt.Error);
                await ReadUntilKnownAsync(watch, attempt.Won, cancellationToken).ConfigureAwait(false);
                if (!IsWon(attempt))
                {
                    // The write may still be on its way. Another one at once would flood a server whose responses are lost. If the old
                    // write lands later, the next one is refused by the version that it tests.
                    await watch.WaitForChangeAsync(context.RetryDelay(), cancellationToken).ConfigureAwait(false);
                }

                break;
        }
    }

    /// <param name="watch">The watch, which may report a state meanwhile.</param>
    /// <param name="maybeWon">What the attempt has written, if it took effect.</param>
    /// <param name="cancellationToken">Cancels the contention.</param>
    private async Task ReadUntilKnownAsync(LockWatch watch, WonLock? maybeWon, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                var read = await ReadAsync(cancellationToken).ConfigureAwait(false);
                if (read.Error is null)
                {
                    Observe(read.State, _time.GetTimestamp());
                    return;
                }

                context.Problems.CannotContend(read.Error.Message, read.Error);
                if (await watch.WaitForChangeAsync(context.FailureDelay(read.Error), cancellationToken).ConfigureAwait(false))
                {
                    // The watch has reported a state: without the permission to read, the lock can still be acquired.
                    return;
                }
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested && maybeWon is { Member: null })
            {
                await ReleaseIfStoredAsync(watch, maybeWon).ConfigureAwait(false);
                throw;
            }
        }
    }

    private async Task ReleaseIfCanceledAsync(LockWatch watch, WonLock won, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            await new LeaseKeeper(context, watch, won).DisposeAsync().ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    /// <summary>After a canceled acquisition of unknown outcome: one read, so that a lock without a leader does not stay held for a lease.</summary>
    private async Task ReleaseIfStoredAsync(LockWatch watch, WonLock maybeWon)
    {
        var read = await context.Requests.ReadAsync(CancellationToken.None).ConfigureAwait(false);
        if (new LockHistory(maybeWon).Judge(read.State).Verdict == LockVerdict.Latest)
        {
            await new LeaseKeeper(context, watch, maybeWon).DisposeAsync().ConfigureAwait(false);
        }
    }

    private void ReportForeign(string owner)
    {
        var message = $"ConfigMap {context.ConfigMap} belongs to {owner}. Nothing is written to it. "
            + $"Give the cluster '{context.ClusterId}' or the component '{context.Component}' another name.";
        context.Problems.CannotContend(message, null);
    }

    /// <summary>Names whom this process waits for, once: a foreign holder's lease may be long, and a record that cannot be read names nobody.</summary>
    private void ReportWait()
    {
        var state = _lease.State;
        var awaited = state is null ? null
            : !state.Record.IsReadable ? "a leader whose record was removed or cannot be read"
            : state.Record.IsReleased ? null
            : state.Term?.Lease is { } lease ? $"'{state.Record.HolderIdentity}' (Lease {lease.Name})"
            : $"'{state.Record.HolderIdentity}'";
        if (awaited != _awaited && awaited is not null)
        {
            Log.WaitsForHolder(context.Logger, context.Name, awaited, (state?.Term?.Lease?.Duration ?? _lease.Remaining()).TotalSeconds);
        }

        _awaited = awaited;
    }
}
