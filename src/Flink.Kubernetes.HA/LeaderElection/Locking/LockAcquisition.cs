using Flink.Kubernetes.HA.ConfigMaps;
using Flink.Kubernetes.HA.LeaderElection.Heartbeats;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.LeaderElection.Locking;

/// <summary>One attempt to acquire the lock: a compare-and-swap on the ConfigMap as it was last observed.</summary>
internal sealed class LockAcquisition(ElectionContext context)
{
    /// <summary>Creates the ConfigMap without a holder, because the fencing token is derived from the revision of an existing object.</summary>
    public async Task<LockAttempt> CreateAsync()
    {
        var result = await context.Requests.CreateAsync(context.ClusterId).ConfigureAwait(false);
        return result.Outcome switch
        {
            LockWriteOutcome.Written => new LockAttempt(LockWriteOutcome.Written, LockState.Of(result.Stored)),

            // A create that answers 404 means that the namespace does not exist; it is not a lost race.
            LockWriteOutcome.Refused when result.Failure is KubernetesFailure.NotFound or KubernetesFailure.Invalid =>
                new LockAttempt(LockWriteOutcome.Failed, Error: result.Error),
            _ => new LockAttempt(result.Outcome, Error: result.Error),
        };
    }

    /// <param name="seen">The lock as it was observed.</param>
    /// <param name="lastFencingToken">The largest token that is known.</param>
    /// <param name="address">The address to publish with it.</param>
    /// <param name="member">The share in the Lease by which the term is to live; <see langword="null"/> if the lock itself is renewed.</param>
    public async Task<LockAttempt> TakeAsync(LockState seen, long lastFencingToken, string? address, ProcessLeaseMember? member)
    {
        var attempt = await TakeAsync(seen, lastFencingToken, address, member, hasData: true).ConfigureAwait(false);

        // 422 and 413 mean that the object itself is refused. The data, which is for people, must not keep a process from leading: the
        // ConfigMap may be immutable, or full.
        return attempt.Failure is KubernetesFailure.Invalid or KubernetesFailure.TooLarge
            ? await TakeAsync(seen, lastFencingToken, address, member, hasData: false).ConfigureAwait(false)
            : attempt;
    }

    private async Task<LockAttempt> TakeAsync(LockState seen, long lastFencingToken, string? address, ProcessLeaseMember? member, bool hasData)
    {
        var time = context.TimeProvider.GetUtcNow();
        var term = new TermRecord
        {
            HolderIdentity = context.Identity,
            SessionId = Guid.NewGuid(),
            FencingToken = seen.NextFencingToken(lastFencingToken),
            Address = address,
            Lease = member?.Lease,
            Pod = context.Heartbeats.OwnPod.Reference,
        };

        // Counted as client-go does: only a change of the holder is a transition, and the first holder is not one.
        var isTransition = seen.Record.IsPresent && seen.Record.HolderIdentity != context.Identity;
        var record = seen.Record.Held(
            context.Identity, member is null ? context.Options.LeaseDuration : LeaderElectionRecord.EndlessLease, time, time, seen.Record.LeaderTransitions + (isTransition ? 1 : 0));
        var texts = new LockTexts(record, term.ToJson());

        // Before the request: the deadline of the term must not start later than the lease that contenders may observe.
        var sent = new SentRecord(texts, context.TimeProvider.GetTimestamp(), address, 0, Pod: term.Pod);
        var data = hasData ? LockPatches.Data(term, isReleased: false) : [];
        var result = await context.Requests.PatchAsync(LockPatches.WriteAt(seen.ResourceVersion, context.ClusterId, texts, data)).ConfigureAwait(false);

        // What is stored is what counts: an admission webhook may have normalized the texts.
        var stored = LockState.Of(result.Stored);
        if (stored is { LockText: { } lockText, TermText: { } termText } && stored.Record.HolderIdentity == context.Identity)
        {
            sent = sent with { Texts = new LockTexts(lockText, termText) };
        }

        var won = new WonLock(term, LeaderElectionRecord.Parse(record), time, seen.Uid, sent, seen.ResourceVersion, hasData, stored?.ResourceVersion, member);
        return result.Outcome switch
        {
            LockWriteOutcome.Written or LockWriteOutcome.Unknown => new LockAttempt(result.Outcome, Won: won, Error: result.Error),

            // A lost race is answered with 409.
            LockWriteOutcome.Refused when result.Failure == KubernetesFailure.Invalid =>
                new LockAttempt(LockWriteOutcome.Failed, Error: result.Error, Failure: result.Failure),
            _ => new LockAttempt(result.Outcome, Error: result.Error, Failure: result.Failure),
        };
    }
}

/// <summary>The result of one attempt to create or take the lock.</summary>
/// <param name="Outcome">The outcome of the write.</param>
/// <param name="State">The ConfigMap that was created.</param>
/// <param name="Won">The acquired lock; if the outcome is unknown, the lock as it is stored if the write took effect.</param>
/// <param name="Error">Why the write failed, or why its outcome is unknown.</param>
/// <param name="Failure">How the server refused it.</param>
internal readonly record struct LockAttempt(
    LockWriteOutcome Outcome, LockState? State = null, WonLock? Won = null, Exception? Error = null, KubernetesFailure Failure = KubernetesFailure.Other);

/// <summary>Spreads the standbys that observe a free lock at the same moment, so that few of them write in vain.</summary>
/// <remarks>
/// A standby does not know how many others there are, and finding out would cost requests. It adapts: without competition it
/// never waits, each lost race doubles the slots from which it draws, and each race won halves them. The standby that draws the
/// first slot writes at once; the others observe the takeover by watch before their turn.
/// </remarks>
internal sealed class TakeoverStagger(TimeSpan slot, Random random)
{
    private const int MaximumSlots = 32;

    private int _slots = 1;

    public TimeSpan NextDelay() => slot * random.Next(_slots);

    public void RaceLost() => _slots = Math.Min(_slots * 2, MaximumSlots);

    public void RaceWon() => _slots = Math.Max(_slots / 2, 1);
}
