using Flink.Kubernetes.HA.ConfigMaps;
using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.LeaderElection.Locking;
using Flink.Kubernetes.HA.WireFormat;
using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.LeaderElection.Heartbeats;

/// <summary>One Lease of this process, renewed while terms live by it. Once it has ended it never comes back, and all its terms with it.</summary>
internal sealed class ProcessLease : IAsyncDisposable
{
    /// <summary>The number of locks that are read once a period, so that edits are noticed also while a watch hangs.</summary>
    private const int MostVerifiedByReads = 16;

    private readonly HeartbeatContext _context;
    private readonly ObjectKey _key;
    private readonly RenewDeadline _deadline;
    private readonly Lock _gate = new();
    private readonly HashSet<ProcessLeaseMember> _members = [];
    private readonly TaskCompletionSource _everyoneLeft = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _wake = new();
    private readonly Dictionary<DateTimeOffset, long> _unsettled = [];
    private readonly Task _loop;
    private DateTimeOffset _lastRenewTime;
    private LeadershipLoss? _over;
    private Exception? _failure;
    private long _failingSince;
    private bool _isClosed;
    private bool _isNamed;
    private bool _mustRunOut;

    /// <param name="context">What the heartbeats of the process share.</param>
    /// <param name="stored">The Lease as it was created.</param>
    /// <param name="sentAt">When its creation was sent.</param>
    public ProcessLease(HeartbeatContext context, ConfigMap stored, long sentAt)
    {
        _context = context;
        _key = stored.Key;
        Reference = new LeaseReference(stored.Key.Name, stored.Uid!, (int)Math.Ceiling(context.Options.LeaseDuration.TotalSeconds));
        _deadline = new RenewDeadline(context.Options.RenewDeadline, sentAt, context.TimeProvider, DeadlinePassed);
        Log.ProcessLeaseCreated(context.Logger, _key, context.Identity);
        _loop = TaskExtensions.RunDetached(RunAsync);
    }

    /// <summary>What a lock says of the Lease by which its holder lives.</summary>
    public LeaseReference Reference { get; }

    public TimeSpan SinceRenewal => _deadline.SinceRenewal;

    /// <summary>Whether the terms that live by it have ended; by the clock, also if nothing has told them yet.</summary>
    public bool IsOver => Volatile.Read(ref _over) is not null || _deadline.HasPassed;

    /// <summary>Whether it can still be joined.</summary>
    public bool IsOpen
    {
        get
        {
            lock (_gate)
            {
                return !_isClosed && !IsOver;
            }
        }
    }

    /// <summary>Whether nothing is left to do for it.</summary>
    public bool IsRemoved => _loop.IsCompleted;

    /// <summary>Whether it is no longer renewed on purpose.</summary>
    public bool IsClosing => _wake.IsCancellationRequested;

    /// <summary>Why renewals fail, and for how long they do.</summary>
    public LastingFailure? Failure =>
        Volatile.Read(ref _failure) is { } failure ? new LastingFailure(failure, _context.TimeProvider.GetElapsedTime(Volatile.Read(ref _failingSince))) : null;

    /// <summary>Returns a membership, or <see langword="null"/> if the Lease is over or about to be removed.</summary>
    public ProcessLeaseMember? TryJoin()
    {
        lock (_gate)
        {
            if (_isClosed || IsOver)
            {
                return null;
            }

            var member = new ProcessLeaseMember(this, isVerifiedByReads: _members.Count(other => other.IsVerifiedByReads) < MostVerifiedByReads);
            _members.Add(member);
            return member;
        }
    }

    /// <param name="member">The member.</param>
    /// <param name="isReleased">Whether its lock no longer names the Lease; if it does, the Lease is ended and not only deleted.</param>
    /// <param name="mayWork">Whether work may still be running under its lock, so that the Lease must run out by itself.</param>
    public void Leave(ProcessLeaseMember member, bool isReleased, bool mayWork)
    {
        ProcessLeaseMember? next;
        lock (_gate)
        {
            if (!_members.Remove(member))
            {
                return;
            }

            _isNamed |= !isReleased;
            _mustRunOut |= mayWork;
            next = member.IsVerifiedByReads ? _members.FirstOrDefault(other => !other.IsVerifiedByReads) : null;
            if (_isClosed && _members.Count == 0)
            {
                _everyoneLeft.TrySetResult();
            }
        }

        next?.Promote();
    }

    /// <summary>Stops renewing, and removes the Lease if no work can still be running by it.</summary>
    public async ValueTask DisposeAsync()
    {
        Close(onlyIfUnused: false);
        await _wake.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
    }

#pragma warning disable CA1031 // Whatever a turn throws, renewals must go on: nobody else keeps the Lease.
    private async Task RunAsync()
    {
        // Spread over the period: processes that were started together must not renew together for ever.
        var due = _context.Options.RetryPeriod * Random.Shared.NextDouble();
        while (!IsOver)
        {
            var left = due - SinceRenewal;
            await Task.Delay(left > TimeSpan.Zero ? left : TimeSpan.Zero, _context.TimeProvider, _wake.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (Close(onlyIfUnused: true) || _wake.IsCancellationRequested)
            {
                break;
            }

            try
            {
                due = await RenewAsync().ConfigureAwait(false) ? _context.Options.RetryPeriod : SinceRenewal + _context.RetryDelay();
            }
            catch (Exception exception)
            {
                due = SinceRenewal + _context.RetryDelay();
                Failed(exception);
            }
        }

        await RemoveAsync().ConfigureAwait(false);
    }

    private async Task RemoveAsync()
    {
        // 1. From here on nobody joins. Terms that have lost the Lease may still be stopping their work, and others must not lead beside it:
        //    until each has left, the Lease is left to run out by itself.
        Close(onlyIfUnused: false);
        await _everyoneLeft.Task.ConfigureAwait(false);
        await _deadline.DisposeAsync().ConfigureAwait(false);
        if (_mustRunOut)
        {
            return;
        }

        // 2. A lock that could not be released still names it: an end spares others their wait. A deletion would not, because they wait a
        //    lease for what is gone.
        try
        {
            if (!_isNamed)
            {
                await _context.Requests.DeleteAsync(_key, Reference.Uid).ConfigureAwait(false);
            }
            else if (await _context.Requests.ReadAsync(_key, CancellationToken.None).ConfigureAwait(false) is { Lease: { } lease } && lease.Uid == Reference.Uid)
            {
                await _context.Requests.EndAsync(_key, lease.ResourceVersion!, _context.Identity).ConfigureAwait(false);
                _ = TaskExtensions.RunDetached(() => _context.DeleteLaterAsync(_key, Reference.Uid, _context.Options.LeaseDuration));
            }
        }
        catch (Exception exception)
        {
            Log.ProcessLeaseNotRemoved(_context.Logger, exception, _key);
        }
    }
#pragma warning restore CA1031

    private bool Close(bool onlyIfUnused)
    {
        lock (_gate)
        {
            if (onlyIfUnused && _members.Count > 0)
            {
                return false;
            }

            _isClosed = true;
            if (_members.Count == 0)
            {
                _everyoneLeft.TrySetResult();
            }

            return true;
        }
    }

    private async Task<bool> RenewAsync()
    {
        if (_deadline.HasPassed)
        {
            // After a pause this may run before the timer does; what has ended by the clock must not be renewed.
            DeadlinePassed(false);
            return false;
        }

        // 1. The response to an earlier renewal was lost. On a path that loses every response, only a read tells that it has landed.
        if (_unsettled.Count > 0 && await SettleAsync(null).ConfigureAwait(false))
        {
            return true;
        }

        if (IsOver)
        {
            return false;
        }

        // 2. The time strictly increases, even if the wall clock is stepped back: others see the Lease change, and equal times identify a write.
        var now = _context.TimeProvider.GetUtcNow();
        now = new DateTimeOffset(now.Ticks - (now.Ticks % TimeSpan.TicksPerMicrosecond), now.Offset);
        _lastRenewTime = now > _lastRenewTime ? now : _lastRenewTime.AddMicroseconds(1);
        var (renewTime, sentAt) = (_lastRenewTime, _context.TimeProvider.GetTimestamp());
        _unsettled.Add(renewTime, sentAt);
        var result = await _context.Requests.RenewAsync(_key, Reference.Uid, _context.Identity, renewTime).ConfigureAwait(false);
        if (result.Outcome == LockWriteOutcome.Written)
        {
            Renewed(sentAt);
            return true;
        }

        if (result.Outcome != LockWriteOutcome.Unknown)
        {
            _unsettled.Remove(renewTime);
        }

        // 3. Refused: the Lease was ended, deleted or edited; a read tells which.
        return result.Outcome == LockWriteOutcome.Refused ? await SettleAsync(result.Error).ConfigureAwait(false) : Failed(result.Error);
    }

    private async Task<bool> SettleAsync(Exception? refusal)
    {
        var (lease, error) = await _context.Requests.ReadAsync(_key, CancellationToken.None).ConfigureAwait(false);
        if (error is not null)
        {
            return Failed(error);
        }

        if (lease is null || lease.Uid != Reference.Uid)
        {
            End(LeadershipLossReason.ProcessLeaseLost, "it was deleted by someone else.");
            return false;
        }

        if (lease.Lease?.HolderIdentity != _context.Identity || lease.Annotation(HaNames.EndedByAnnotation) is not null)
        {
            End(LeadershipLossReason.ProcessLeaseLost, $"it was ended by {lease.Annotation(HaNames.EndedByAnnotation) ?? "an edit of its holder"}.");
            return false;
        }

        if (lease.Lease.RenewTime is { } renewed && _unsettled.TryGetValue(new DateTimeOffset(renewed), out var sentAt))
        {
            Renewed(sentAt);
            return true;
        }

        return refusal is not null && Failed(refusal);
    }

    private void Renewed(long sentAt)
    {
        _unsettled.Clear();
        _deadline.Renewed(sentAt);
        foreach (var member in Members())
        {
            member.Renewed(sentAt);
        }

        if (Interlocked.Exchange(ref _failure, null) is not null)
        {
            Log.ProcessLeaseRenewedAgain(_context.Logger, _key);
        }
    }

    private bool Failed(Exception? error)
    {
        if (Volatile.Read(ref _failure) is null)
        {
            Volatile.Write(ref _failingSince, _context.TimeProvider.GetTimestamp());
            Log.ProcessLeaseRenewalFailed(_context.Logger, error, _key, (_context.Options.RenewDeadline - SinceRenewal).TotalSeconds);
        }

        Volatile.Write(ref _failure, error ?? _failure);
        _context.Metrics.RenewalFailed("process-lease");
        return false;
    }

    private ProcessLeaseMember[] Members()
    {
        lock (_gate)
        {
            return [.. _members];
        }
    }

    private void DeadlinePassed(bool isPoolStarved) => End(
        LeadershipLossReason.RenewDeadlineExceeded,
        $"no renewal has succeeded for {SinceRenewal.TotalSeconds:0.###} s (LeaderElectionOptions.RenewDeadline is {_context.Options.RenewDeadline.TotalSeconds} s). "
        + (Volatile.Read(ref _failure) is { } last ? $"The last failure: {last.Message}" : "Find out why the API server did not answer in time."),
        isPoolStarved);

    private void End(LeadershipLossReason reason, string why, bool isPoolStarved = false)
    {
        if (Interlocked.CompareExchange(ref _over, new LeadershipLoss(reason, why), null) is not null)
        {
            return;
        }

        var members = Members();
        foreach (var member in members)
        {
            member.Over(reason, $"Lease {_key}, by which all terms of this process live, was lost: {why}", isPoolStarved);
        }

        Log.ProcessLeaseOver(_context.Logger, _key, members.Length, why);
        _wake.Cancel();
    }
}
