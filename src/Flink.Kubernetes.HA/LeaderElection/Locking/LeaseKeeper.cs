using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.LeaderElection.Heartbeats;
using Flink.Kubernetes.HA.WireFormat;
using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.LeaderElection.Locking;

/// <summary>Keeps a term: renews its lock, restores it after edits, ends it when the lock is lost, and releases the lock in the end.</summary>
/// <remarks>
/// All writes to the lock go through one loop, one at a time, so that a renewal never undoes a newer address; the release is its last
/// turn. A watch event only wakes that loop, because events can be stale: what the API server answers to the next request decides.
/// </remarks>
internal sealed class LeaseKeeper : IAsyncDisposable
{
    /// <summary>When a lock is looked at that is neither renewed nor verified: beyond every lease.</summary>
    private static readonly TimeSpan Seldom = TimeSpan.FromDays(1);

    private readonly ElectionContext _context;
    private readonly TurnSignal _turn;
    private readonly TermRecord _term;
    private readonly LockHistory _history;
    private readonly PublishedAddress _address;
    private readonly RenewDeadline _deadline;
    private readonly TermEnd _end;
    private readonly RenewalFailures _failures;
    private readonly ProcessLeaseMember? _member;
    private readonly Lazy<Task> _release;
    private Task _loop = Task.CompletedTask;
    private bool _isAbandoned;

    // Used by the loop only.
    private bool _hasData;

    public LeaseKeeper(ElectionContext context, LockWatch watch, WonLock won)
    {
        _context = context;
        _term = won.Term;
        _hasData = won.HasData;
        _history = new LockHistory(won);
        _address = new PublishedAddress(won.Term.Address);
        _end = new TermEnd(context, _address);
        _failures = new RenewalFailures(context);
        _turn = new TurnSignal(context, watch, _history);
        _member = won.Member;
        _deadline = new RenewDeadline(context.Options.RenewDeadline, won.Sent.SentAt, context.TimeProvider, DeadlinePassed);
        _release = new Lazy<Task>(EndAndReleaseAsync);
    }

    public CancellationToken Lost => _end.Lost;

    public CancellationToken Stopping => _end.Stopping;

    public LeadershipLoss? Loss => _end.Loss;

    public bool IsHeld => Loss is null && !_deadline.HasPassed && _member is not { IsOver: true };

    public TimeSpan SinceRenewal => _member?.SinceRenewal ?? _deadline.SinceRenewal;

    /// <summary>Why the Lease by which the term lives is not renewed, and for how long.</summary>
    public LastingFailure? HeartbeatFailure => _member?.Failure;

    public LockHistory History => _history;

    public void Start()
    {
        _end.Begin(_term, _history.Uid);

        // Detached: renewals of months must not run within the activity and the log scopes of whoever asked for the term.
        _loop = TaskExtensions.RunDetached(RunAsync);
        if (_context.Options.ProofOfDeath && _term.Pod is null)
        {
            _ = _context.Heartbeats.OwnPod.WhenKnownAsync(Wake, _end.Ended);
        }

        _member?.Attach((reason, why, isPoolStarved) => _end.Lose(reason, why, isPoolStarved), _deadline.Renewed, Wake);
    }

    public async Task PublishAddressAsync(string address, CancellationToken cancellationToken)
    {
        var published = _address.Set(address);
        Wake();
        await published.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    public void FireStopping() => _end.FireStopping();

    /// <summary>Makes the loop renew the lock at once, which also tells whether it is still held.</summary>
    public void Wake() => _turn.Wake();

    /// <summary>Takes note of what somebody else has read from the API server, as a fenced write that was refused.</summary>
    public void Learn(Judgment judgment)
    {
        switch (judgment.Verdict)
        {
            case LockVerdict.Landed:
                Renewed(judgment.Sent!, judgment.State!.ResourceVersion);
                break;
            case LockVerdict.Edited:
                Wake();
                break;
            default:
                _end.LoseIfOver(judgment);
                break;
        }
    }

    /// <summary>Ends the term without releasing the lock: its work may still be running. The lease runs out by itself.</summary>
    public void Abandon()
    {
        // Before the end, whatever its reason: who has lost the term may still be working, too.
        _isAbandoned = true;
        _end.Lose(
            LeadershipLossReason.Abandoned,
            $"the services were disposed before the term. Its lock is not released, because its work may still be running; others wait "
            + $"{_context.Options.LeaseDuration.TotalSeconds} s from the last renewal.");
        _ = TaskExtensions.RunDetached(() => _release.Value);
    }

    /// <summary>Ends the term, waits for the write that may be under way, and releases the lock.</summary>
    public ValueTask DisposeAsync() => new(_release.Value);

    private async Task EndAndReleaseAsync()
    {
        // No renewal is begun from here on. The one that may be under way is waited for: the release must know every record that was sent.
        _end.Release();
        await _loop.ConfigureAwait(false);
        await _deadline.DisposeAsync().ConfigureAwait(false);
        await new TermRelease(_context, _history, _term, _member, () => SinceRenewal).RunAsync(Loss!.Reason, _isAbandoned, _hasData).ConfigureAwait(false);
        _end.Dispose();
    }

#pragma warning disable CA1031 // Whatever a turn throws, renewals must go on: nobody else keeps the term.
    private async Task RunAsync()
    {
        // Spread over the period: terms that were won together must not be renewed together for ever.
        var due = _context.Options.RetryPeriod * Random.Shared.NextDouble();
        while (Loss is null)
        {
            try
            {
                var isQuiet = _member is { IsVerifiedByReads: false } && _failures.Last is null;
                var isWanted = await _turn.WaitAsync(_deadline, isQuiet ? Seldom : due, _end.Ended).ConfigureAwait(false);
                using var turn = await _context.Requests.Budget.RenewAsync(
                    _context.Options.RenewDeadline - _deadline.SinceRenewal, _failures.Last is not null, _end.Ended).ConfigureAwait(false);
                due = await RenewAsync(isWanted).ConfigureAwait(false) ? _context.Options.RetryPeriod : _deadline.SinceRenewal + _failures.Delay(_deadline.SinceRenewal);
            }
            catch (Exception exception) when (Loss is null)
            {
                _failures.Add(exception, _deadline.SinceRenewal);
                due = _deadline.SinceRenewal + _context.RetryDelay();
            }
            catch (OperationCanceledException)
            {
                // The term has ended, and the loop with it.
            }
        }
    }
#pragma warning restore CA1031

    /// <summary>Makes one turn and returns whether the lock is renewed.</summary>
    /// <param name="isWanted">Whether the lock must be written, as to rule a write out that tests its present record.</param>
    private async Task<bool> RenewAsync(bool isWanted)
    {
        if (_deadline.HasPassed)
        {
            // 1. After a pause this may run before the timer does. A term that has ended by the clock must not be renewed: another process
            //    may already lead.
            DeadlinePassed();
            return false;
        }

        // 2. An earlier response was lost, or the watch shows an edit: read first. On a path that keeps losing the responses to writes,
        //    renewals land unnoticed until a read finds them.
        var isEdited = _turn.TakeEdit();
        if ((isEdited || _history.HasUnsettled) && await SettleAsync(null).ConfigureAwait(false) is { } settled)
        {
            return settled;
        }

        if (_member is not null && !isEdited && !isWanted && Loss is null)
        {
            // The Lease is what is renewed. The lock is only read: an edit must be noticed within a lease also while the watch hangs, because
            // others take what is not held for so long.
            return await VerifyAsync().ConfigureAwait(false);
        }

        // 3. The deadline may have passed during that read: no write is begun after the end, or standbys would wait a fresh lease.
        if (Loss is not null)
        {
            return false;
        }

        // 4. A conditional write on the last known record. If an earlier write lands between step 2 and here, this one is refused, and
        //    the read finds the earlier one among the unsettled.
        var expected = _history.Latest.Texts;
        var next = Next();
        var data = _hasData && _address.IsPending ? Data(next) : [];
        var result = await _context.Requests.PatchAsync(LockPatches.Replace(expected, next.Texts, data)).ConfigureAwait(false);
        if (result.Outcome == LockWriteOutcome.Written)
        {
            return Answered(next, result);
        }

        if (result.Outcome != LockWriteOutcome.Unknown)
        {
            _history.NotWritten(next);
        }

        return result.Outcome == LockWriteOutcome.Refused
            ? await SettleAsync(result.Error).ConfigureAwait(false) ?? _failures.Add(result.Error, _deadline.SinceRenewal)
            : _failures.Add(result.Error, _deadline.SinceRenewal);
    }

    private async Task<bool> VerifyAsync()
    {
        var sentAt = _context.TimeProvider.GetTimestamp();
        if (await SettleAsync(null).ConfigureAwait(false) is { } settled)
        {
            return settled;
        }

        _failures.Over();
        _deadline.Renewed(sentAt);
        return true;
    }

    /// <summary>Reads once, to distinguish a lost response and an edit from lost leadership.</summary>
    /// <param name="refusal">Why the last write was refused.</param>
    /// <returns>Whether the lock is renewed; <see langword="null"/> if the last known record is stored, with its labels.</returns>
    private async Task<bool?> SettleAsync(Exception? refusal)
    {
        var read = await _context.Requests.ReadAsync(CancellationToken.None).ConfigureAwait(false);
        if (read.Error is not null)
        {
            return _failures.Add(read.Error, _deadline.SinceRenewal);
        }

        var judgment = _history.Judge(read.State);
        switch (judgment.Verdict)
        {
            case LockVerdict.Landed:
                // A renewal whose response was lost. It counts from when it was sent, not from this read: the lease began then.
                return Renewed(judgment.Sent!, judgment.State!.ResourceVersion);
            case LockVerdict.Latest:
                // Something else in the write was refused, or something else in the object was edited.
                return (refusal is not null && _address.IsPending) || !judgment.State!.IsLabeled(_context.ClusterId)
                    ? await RestoreAsync(judgment.State!).ConfigureAwait(false)
                    : null;
            case LockVerdict.Edited:
                return await RestoreAsync(judgment.State!).ConfigureAwait(false);
            default:
                _end.LoseIfOver(judgment);
                return false;
        }
    }

    /// <summary>Writes the lock, its labels and an address on the version that was read, so that a takeover in between is not overwritten.</summary>
    private async Task<bool> RestoreAsync(LockState state)
    {
        for (var hasData = true; Loss is null; hasData = false)
        {
            var next = Next();
            var data = hasData ? Data(next) : [];
            var patch = LockPatches.WriteAt(state.ResourceVersion, _context.ClusterId, next.Texts, data);
            var result = await _context.Requests.PatchAsync(patch).ConfigureAwait(false);
            if (result.Outcome == LockWriteOutcome.Written)
            {
                _hasData = hasData;
                if (_history.Latest.Texts != new LockTexts(state.LockText!, state.TermText!))
                {
                    Log.LockRepaired(_context.Logger, _context.Name, _context.ConfigMap);
                }

                return Answered(next, result);
            }

            if (result.Outcome != LockWriteOutcome.Unknown)
            {
                _history.NotWritten(next);
            }

            var isRefused = result.Failure is KubernetesFailure.Invalid or KubernetesFailure.TooLarge or KubernetesFailure.Forbidden;
            if (!isRefused || !hasData)
            {
                if (isRefused && _address.IsPending)
                {
                    // Renewals without the address are accepted, or would be refused for the same reason: its publisher is told why.
                    _address.Refused(next.AddressVersion, result.Error!);
                }

                return _failures.Add(result.Error, _deadline.SinceRenewal);
            }

            // The entries for people are refused: the ConfigMap may be immutable, or full. They must not cost the term.
        }

        return false;
    }

    private SentRecord Next()
    {
        var (address, version) = _address.Wanted;
        return _history.Next(_context, address, version);
    }

    private KeyValuePair<string, string?>[] Data(SentRecord record) => LockPatches.Data(_term with { Address = record.Address }, isReleased: false);

    /// <summary>Renewed, and the server has confirmed it: an outage, if there was one, is over.</summary>
    private bool Answered(SentRecord record, LockWriteResult result)
    {
        // 1. The patch does not test the UID: a copy of our record may have been restored into a new object.
        var stored = LockState.Of(result.Stored);
        if (stored?.Uid != _history.Uid)
        {
            _end.LoseIfOver(new Judgment(LockVerdict.Gone, null));
            return false;
        }

        // 2. What is stored is what the next write must test: an admission webhook may have normalized it.
        if (stored is not { LockText: { } lockText, TermText: { } termText }
            || (!_history.HasSent(stored) && (stored.Record.HolderIdentity != _context.Identity || stored.Term?.SessionId != _term.SessionId)))
        {
            return _failures.Add(
                new InvalidOperationException($"ConfigMap {_context.ConfigMap} has another lock than was sent: find the admission webhook that changes it."), _deadline.SinceRenewal);
        }

        _failures.Over();
        return Renewed(record, stored.ResourceVersion, new LockTexts(lockText, termText));
    }

    private bool Renewed(SentRecord record, string? version, LockTexts? stored = null)
    {
        _history.Written(record, version, stored);
        _deadline.Renewed(record.SentAt);
        _address.Written(record.Address, record.AddressVersion);
        return true;
    }

    private void DeadlinePassed(bool isPoolStarved = false) => _end.Lose(
        LeadershipLossReason.RenewDeadlineExceeded,
        $"{(_member is null ? "no renewal has succeeded" : "the lock could not be read")} for {_deadline.SinceRenewal.TotalSeconds:0.###} s "
        + $"(LeaderElectionOptions.RenewDeadline is {_context.Options.RenewDeadline.TotalSeconds} s). "
        + (_failures.Last is { } last ? $"The last failure: {last.Message}" : "Find out why the API server did not answer in time."),
        isPoolStarved);
}
