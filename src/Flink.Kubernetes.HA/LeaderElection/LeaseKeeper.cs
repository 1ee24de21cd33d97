using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.WireFormat;
using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.LeaderElection;

/// <summary>Keeps a term: renews its lock, ends it when it is lost, and gives the lock up in the end.</summary>
/// <remarks>
/// All writes to the lock go through one loop, one at a time, so that a renewal never undoes a newer address. What the watch
/// shows only wakes that loop: the API server's answer to the next conditional write decides.
/// </remarks>
internal sealed class LeaseKeeper : IAsyncDisposable
{
    private const int MaximumWakesAPeriod = 3;

    private readonly ElectionContext _context;
    private readonly LockWatch _watch;
    private readonly TermRecord _term;
    private readonly string? _uid;
    private readonly LockHistory _history;
    private readonly PublishedAddress _address;
    private readonly RenewDeadline _deadline;
    private readonly CancellationTokenSource _lost = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _ended = new();
    private readonly long _begun;
    private bool _isFailing;
    private LeadershipLoss? _loss;
    private TaskCompletionSource _wake = NewWake();
    private Task _loops = Task.CompletedTask;

    public LeaseKeeper(ElectionContext context, LockWatch watch, WonLock won)
    {
        _context = context;
        _watch = watch;
        _term = won.Term;
        _uid = won.Uid;
        _history = new LockHistory(won);
        _address = new PublishedAddress(won.Term.Address);
        _begun = context.TimeProvider.GetTimestamp();
        _deadline = new RenewDeadline(context.Options.RenewDeadline, won.SentAt, context.TimeProvider, DeadlinePassed);
    }

    public CancellationToken Lost => _lost.Token;

    public CancellationToken Stopping => _stopping.Token;

    public LeadershipLoss? Loss => Volatile.Read(ref _loss);

    public bool IsHeld => Loss is null && !_deadline.HasPassed;

    public TimeSpan SinceRenewal => _deadline.SinceRenewal;

    public LockHistory History => _history;

    /// <summary>The very ConfigMap that the term was won in.</summary>
    public string? Uid => _uid;

    public void Start()
    {
        Log.TermWon(_context.Logger, _context.Name, _context.Identity, _term.FencingToken, _term.SessionId);
        _context.Metrics.TermWon(_context.MetricTag);
        _loops = Task.WhenAll(Task.Run(RenewAsync), Task.Run(WatchAsync));
    }

    public async Task PublishAddressAsync(string address, CancellationToken cancellationToken)
    {
        var published = _address.Set(address);
        Wake();
        await published.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    public void FireStopping() => _ = _stopping.CancelSafelyAsync(_context);

    /// <summary>Has the lock checked at once, for something has been seen that does not fit.</summary>
    public void Wake() => Volatile.Read(ref _wake).TrySetResult();

    public async ValueTask DisposeAsync()
    {
        End(new LeadershipLoss(LeadershipLossReason.GivenUp, $"Leadership of {_context.Component} was given up."));
        await _loops.ConfigureAwait(false);
        await _deadline.DisposeAsync().ConfigureAwait(false);
        if (Loss!.Reason is LeadershipLossReason.GivenUp or LeadershipLossReason.RenewDeadlineExceeded)
        {
            // After a missed deadline the lock may still name this process, and others wait for it: one try spares them that.
            await new LockRelease(_context).ReleaseAsync(_history, _term, persist: Loss.Reason == LeadershipLossReason.GivenUp).ConfigureAwait(false);
        }

        _ended.Dispose();
    }

    private static TaskCompletionSource NewWake() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task RenewAsync()
    {
        var wait = _context.Options.RetryPeriod - _deadline.SinceRenewal;
        while (Loss is null)
        {
            try
            {
                await Volatile.Read(ref _wake).Task.EndsWithinAsync(wait, _context.TimeProvider, _ended.Token).ConfigureAwait(false);

                // A new wake before the write: what is asked for from now on wants another one.
                Volatile.Write(ref _wake, NewWake());
                wait = await RenewOnceAsync().ConfigureAwait(false)
                    ? _context.Options.RetryPeriod - _deadline.SinceRenewal
                    : _context.RetryDelay();
            }
            catch (OperationCanceledException) when (_ended.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private async Task<bool> RenewOnceAsync()
    {
        if (_deadline.HasPassed)
        {
            // After a pause this may run before the timer does. A term that has ended by the clock is not brought back.
            DeadlinePassed();
            return false;
        }

        // After a lost answer the question is first what stands: answers to writes may go on getting lost.
        if (_history.HasUnsettled && await SettleAsync().ConfigureAwait(false) is { } settled)
        {
            return settled;
        }

        var expected = _history.Latest.Annotation;
        var next = Next();
        var result = await _context.Requests.PatchAsync(LockPatches.Renew(expected, next.Annotation, Term(next))).ConfigureAwait(false);
        switch (result.Outcome)
        {
            case LockWriteOutcome.Written:
                return result.Stored!.Metadata.Uid == _uid ? Answered(next) : LoseDeleted();
            case LockWriteOutcome.Refused:
                _history.NotWritten(next);
                return await SettleAsync(repair: true).ConfigureAwait(false) ?? false;
            case LockWriteOutcome.Failed:
                _history.NotWritten(next);
                break;
        }

        return RenewalFailed(result.Error);
    }

    /// <summary>Reads once, to tell a lost answer and an edit from lost leadership.</summary>
    /// <returns>Whether the lock is renewed; <see langword="null"/> when it stands as it was known to.</returns>
    private async Task<bool?> SettleAsync(bool repair = false)
    {
        var read = await _context.Requests.ReadAsync(CancellationToken.None).ConfigureAwait(false);
        if (read.Error is not null)
        {
            return RenewalFailed(read.Error);
        }

        if (read.State is not { } state || state.Uid != _uid)
        {
            return LoseDeleted();
        }

        var latest = _history.Latest;
        if (_history.Find(state.Record.Annotation) is { } standing)
        {
            if (standing != latest)
            {
                // A renewal whose answer was lost: it counts from when it was sent.
                return Renewed(standing);
            }

            // The record is right and yet the write was refused: something else in the ConfigMap was edited.
            return repair ? await RepairAsync(state).ConfigureAwait(false) : null;
        }

        if (state.Record.IsReadable && state.Record.HolderIdentity != _context.Identity)
        {
            if (state.Record.IsReleased)
            {
                Lose(LeadershipLossReason.ReleasedExternally, "someone else has cleared the holder in the lock.");
            }
            else
            {
                Lose(LeadershipLossReason.TakenOver, $"the lock is held by '{state.Record.HolderIdentity}' now.");
            }

            return false;
        }

        if (state.Term is { } term && term.SessionId != _term.SessionId)
        {
            Lose(LeadershipLossReason.TakenOver, $"the ConfigMap tells of another term, {term.SessionId}.");
            return false;
        }

        return await RepairAsync(state).ConfigureAwait(false);
    }

    /// <summary>Nobody has taken the lock, but it was edited: puts it back if nothing changes meanwhile.</summary>
    private async Task<bool> RepairAsync(LockState state)
    {
        var next = Next();
        var patch = LockPatches.Take(state.ResourceVersion, _context.ClusterId, next.Annotation, Term(next));
        var result = await _context.Requests.PatchAsync(patch).ConfigureAwait(false);
        if (result.Outcome == LockWriteOutcome.Written)
        {
            Log.LockRepaired(_context.Logger, _context.Name, _context.ConfigMap);
            return Answered(next);
        }

        if (result.Outcome != LockWriteOutcome.Unknown)
        {
            _history.NotWritten(next);
        }

        return RenewalFailed(result.Error);
    }

    private bool RenewalFailed(Exception? error)
    {
        // An outage is told once: with many components a warning for each try would bury all else.
        var level = _isFailing ? LogLevel.Debug : LogLevel.Warning;
        _isFailing = true;
        Log.RenewalFailed(_context.Logger, level, _context.Name, (_context.Options.RenewDeadline - SinceRenewal).TotalSeconds, error);
        _context.Metrics.RenewalFailed(_context.MetricTag);
        return false;
    }

    private SentRecord Next()
    {
        var (address, version) = _address.Wanted;
        return _history.Next(_context, address, version);
    }

    private TermRecord Term(SentRecord record) => _term with { Address = record.Address };

    /// <summary>Renewed, and the server has said so: an outage, if there was one, is over.</summary>
    private bool Answered(SentRecord record)
    {
        if (_isFailing)
        {
            _isFailing = false;
            Log.RenewedAgain(_context.Logger, _context.Name);
        }

        return Renewed(record);
    }

    private bool Renewed(SentRecord record)
    {
        _history.Written(record);
        _deadline.Renewed(record.SentAt);
        _address.Written(record.AddressVersion);
        return true;
    }

    private async Task WatchAsync()
    {
        var pace = new Pace(MaximumWakesAPeriod, _context.Options.RetryPeriod, _context.TimeProvider);
        try
        {
            while (true)
            {
                await _watch.WaitForChangeAsync(_ended.Token).ConfigureAwait(false);
                if (_watch.Current is { } seen && !IsOurs(LockState.Of(seen.Object)))
                {
                    Wake();

                    // Where something edits the lock again and again, such as an admission webhook, each repair would call for the next at once.
                    await pace.KeepAsync(_ended.Token).ConfigureAwait(false);
                }
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException)
        {
            // The term has ended, or the watches have: renewals go on alone until it does.
        }
    }

    private bool IsOurs(LockState? state) =>
        state is not null
        && _history.HasSent(state.Record.Annotation)
        && state.Term?.SessionId == _term.SessionId
        && _address.MayStand(state.Term.Address);

    private bool LoseDeleted()
    {
        Lose(LeadershipLossReason.Deleted, "the ConfigMap was deleted by someone else, with all that it held. The next term begins in a new one, with a larger fencing token.");
        return false;
    }

    private void DeadlinePassed() => Lose(
        LeadershipLossReason.RenewDeadlineExceeded,
        $"no renewal has succeeded for {SinceRenewal.TotalSeconds:0.###} s (LeaderElectionOptions.RenewDeadline is {_context.Options.RenewDeadline.TotalSeconds} s). "
        + "Look for what kept the API server from answering.");

    private void Lose(LeadershipLossReason reason, string why)
    {
        if (End(new LeadershipLoss(reason, $"Leadership of {_context.Component} in ConfigMap {_context.Requests.Key} was lost: {why}")))
        {
            Log.LeadershipLost(_context.Logger, _context.Name, _context.ConfigMap, reason.ToString(), why);
        }
    }

    private bool End(LeadershipLoss loss)
    {
        if (Interlocked.CompareExchange(ref _loss, loss, null) is not null)
        {
            return false;
        }

        // CancelAsync marks the token now and runs the callbacks, which are the user's, elsewhere.
        // Each token on its own: a callback on Lost that waits for the work would wait for what Stopping tells it.
        _ = _lost.CancelSafelyAsync(_context);
        FireStopping();
        _ended.Cancel();
        _address.End(loss.ToException(_context.Component));

        // Last: what listens to metrics is the user's, and Lost must not wait for it.
        _context.Metrics.TermEnded(_context.MetricTag, loss.Reason.ToString(), _context.TimeProvider.GetElapsedTime(_begun));
        return true;
    }
}
