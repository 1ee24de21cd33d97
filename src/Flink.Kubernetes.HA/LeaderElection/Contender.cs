using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.KubeClient.Watching;

namespace Flink.Kubernetes.HA.LeaderElection;

/// <summary>Waits until the lock can be had and takes it; silent while another holds it.</summary>
internal sealed class Contender(ElectionContext context, LockWatch watch)
{
    /// <summary>Some times the latency of a watch event: within it the others hear that the lock is taken.</summary>
    private static readonly TimeSpan StaggerSlot = TimeSpan.FromMilliseconds(10);

    private readonly LeaseObserver _lease = new(context.Options, context.Identity, context.TimeProvider);
    private readonly LockAcquisition _acquisition = new(context);
    private readonly TakeoverStagger _stagger = new(StaggerSlot, Random.Shared);
    private readonly TimeProvider _time = context.TimeProvider;
    private Observation<PartialObjectMetadata>? _seen;
    private long? _restSince;
    private string? _lastComplaint;

    /// <summary>Learns how this process's last term ended.</summary>
    public void TermEnded(LeadershipLossReason reason, long renewedAt)
    {
        switch (reason)
        {
            case LeadershipLossReason.GivenUp:
                // The others go first, for one retry period.
                _restSince = _time.GetTimestamp();
                break;
            case LeadershipLossReason.Deleted:
                _lease.OwnWasDeleted(renewedAt);
                break;
        }
    }

    public async Task<WonLock> WinAsync(string? address, CancellationToken cancellationToken)
    {
        while (true)
        {
            await ObserveAsync(cancellationToken).ConfigureAwait(false);
            if (IsAnotherClusters())
            {
                await watch.WaitForChangeAsync(cancellationToken).ConfigureAwait(false);
                continue;
            }

            var turn = UntilMyTurn();
            if (turn > TimeSpan.Zero
                && (await watch.WaitForChangeAsync(turn, cancellationToken).ConfigureAwait(false) || MayStillBeLed()))
            {
                continue;
            }

            cancellationToken.ThrowIfCancellationRequested();
            var attempt = _lease.State is { } state
                ? await _acquisition.TakeAsync(state, _lease.LastFencingToken, address).ConfigureAwait(false)
                : await _acquisition.CreateAsync().ConfigureAwait(false);
            var isWon = attempt is { Outcome: LockWriteOutcome.Written, Won: not null };
            if (!isWon)
            {
                await AfterAttemptAsync(attempt, cancellationToken).ConfigureAwait(false);
                isWon = Stands(attempt.Won);
            }

            if (isWon)
            {
                await GiveBackIfCancelledAsync(attempt.Won!, cancellationToken).ConfigureAwait(false);
                _lease.HasUsed(attempt.Won!.Term.FencingToken);
                _stagger.RaceWon();
                _lastComplaint = null;
                return attempt.Won!;
            }
        }
    }

    private async Task ObserveAsync(CancellationToken cancellationToken)
    {
        while (watch.Current is null)
        {
            await watch.WaitForChangeAsync(cancellationToken).ConfigureAwait(false);
        }

        // What a read has shown in between stands until the watch tells something new.
        if (!ReferenceEquals(_seen, watch.Current))
        {
            _seen = watch.Current;
            _lease.Observe(LockState.Of(_seen!.Object), _seen.Timestamp);
            if (_lease.State is { IsFree: false } && !_lease.IsMine)
            {
                // Another one has had its turn.
                _restSince = null;
            }
        }
    }

    private TimeSpan UntilMyTurn()
    {
        var rest = _restSince is { } since ? context.Options.RetryPeriod - _time.GetElapsedTime(since) : TimeSpan.Zero;
        if (_lease.IsMine)
        {
            // Left by an earlier write of this very process whose answer was lost: nobody else may take it before its lease ends.
            return rest;
        }

        var lease = _lease.Remaining();
        return TimeSpan.FromTicks(Math.Max(0, Math.Max(lease.Ticks, rest.Ticks))) + _stagger.NextDelay();
    }

    /// <summary>Timers count in coarse milliseconds and may fire early; a lease is over when the clock says so.</summary>
    private bool MayStillBeLed() => !_lease.IsMine && _lease.Remaining() > TimeSpan.Zero;

    private bool IsAnotherClusters()
    {
        if (_lease.State?.OwningCluster is not { } owner || owner == context.ClusterId)
        {
            return false;
        }

        Complain($"ConfigMap {context.Requests.Key} carries the label app={owner}: it belongs to the cluster '{owner}', whose component has the same ConfigMap name. "
            + $"Nothing is written to it. Give the cluster '{context.ClusterId}' or the component '{context.Component}' another name.", null);
        return true;
    }

    /// <summary>Whether the lock whose answer was lost was won after all, and not too long ago to go on with.</summary>
    private bool Stands(WonLock? candidate) =>
        candidate is not null
        && _lease.State?.Record.Annotation == candidate.Record.Annotation
        && _lease.State?.Term?.SessionId == candidate.Term.SessionId
        && _time.GetElapsedTime(candidate.SentAt) < context.Options.RenewDeadline / 2;

    private async Task AfterAttemptAsync(LockAttempt attempt, CancellationToken cancellationToken)
    {
        switch (attempt.Outcome)
        {
            case LockWriteOutcome.Written:
                // Created without a holder: taking it comes next.
                _lease.Observe(attempt.State, _time.GetTimestamp());
                return;
            case LockWriteOutcome.Refused:
                // Somebody was faster. The watch tells at once who; where it lags or hangs, the server is asked.
                _stagger.RaceLost();
                if (await watch.WaitForChangeAsync(context.RetryDelay(), cancellationToken).ConfigureAwait(false))
                {
                    return;
                }

                break;
            case LockWriteOutcome.Failed:
                Complain(attempt.Error!.Message, attempt.Error);
                await watch.WaitForChangeAsync(ElectionContext.Jittered(context.Options.RetryPeriod), cancellationToken).ConfigureAwait(false);
                return;
            default:
                Log.AcquisitionUnknown(context.Logger, context.Name, context.ConfigMap, attempt.Error);
                await ReadUntilKnownAsync(cancellationToken).ConfigureAwait(false);
                if (!Stands(attempt.Won))
                {
                    // It may still be on its way: another one at once would be a flood where answers are lost.
                    await watch.WaitForChangeAsync(context.RetryDelay(), cancellationToken).ConfigureAwait(false);
                }

                return;
        }

        await ReadUntilKnownAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task ReadUntilKnownAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                var read = await context.Requests.ReadAsync(cancellationToken).ConfigureAwait(false);
                if (read.Error is null)
                {
                    _lease.Observe(read.State, _time.GetTimestamp());
                    return;
                }

                Complain(read.Error.Message, read.Error);
                if (await watch.WaitForChangeAsync(ElectionContext.Jittered(context.Options.RetryPeriod), cancellationToken).ConfigureAwait(false))
                {
                    // The watch tells as well: without the permission to read, the lock can still be had.
                    return;
                }
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                await GiveBackWhatMayBeOursAsync().ConfigureAwait(false);
                throw;
            }
        }
    }

    private async Task GiveBackIfCancelledAsync(WonLock won, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            await new LockRelease(context).ReleaseAsync(new LockHistory(won), won.Term).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    /// <summary>After a cancelled acquisition of unknown outcome: one look, so that a lock nobody serves does not stand for a lease.</summary>
    private async Task GiveBackWhatMayBeOursAsync()
    {
        var read = await context.Requests.ReadAsync(CancellationToken.None).ConfigureAwait(false);
        if (read.State is { Term: { } term } state && state.Record.HolderIdentity == context.Identity)
        {
            var won = new WonLock(term, state.Record, _time.GetUtcNow(), state.Uid, _time.GetTimestamp());
            await new LockRelease(context).ReleaseAsync(new LockHistory(won), term).ConfigureAwait(false);
        }
    }

    private void Complain(string message, Exception? exception)
    {
        // The same complaint every retry period would bury the log. What a request says may differ in ports and times only.
        var kind = exception is KubeClientException { Failure: var failure, Verb: var verb } ? $"{failure} {verb}" : exception?.GetType().Name ?? message;
        if (_lastComplaint != kind)
        {
            _lastComplaint = kind;
            Log.CannotContend(context.Logger, context.Name, message, exception);
        }
    }
}
