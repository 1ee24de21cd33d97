using Flink.Kubernetes.HA.LeaderElection.Heartbeats;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.LeaderElection.Locking;

/// <summary>What a term has sent, and the one judge of what it finds stored: renewals, the release and fenced writes all ask here.</summary>
/// <remarks>
/// Every write to the lock tests the record, or the version of the object, that it replaces. So as soon as a later record is known
/// to be stored, no earlier one can take effect any more: what it tests is gone for good, because no record is written twice.
/// </remarks>
internal sealed class LockHistory(WonLock won)
{
    /// <summary>The number of own records that are recognized in watch events; more than a watch can lag behind.</summary>
    private const int Remembered = 64;

    private readonly Lock _gate = new();
    private readonly Queue<LockTexts> _sent = new([won.Sent.Texts]);
    private readonly List<SentRecord> _unsettled = [];
    private SentRecord _latest = won.Sent;
    private DateTimeOffset _lastRenewTime = won.AcquireTime;
    private string? _standsAt = won.StoredVersion;
    private TaskCompletionSource _moved = NewMove();

    /// <summary>The UID of the ConfigMap in which the lock was acquired.</summary>
    public string? Uid => won.Uid;

    /// <summary>The last record that is known to have been stored.</summary>
    public SentRecord Latest
    {
        get
        {
            lock (_gate)
            {
                return _latest;
            }
        }
    }

    /// <summary>Whether a record was sent whose outcome is unknown.</summary>
    public bool HasUnsettled
    {
        get
        {
            lock (_gate)
            {
                return _unsettled.Count > 0;
            }
        }
    }

    /// <summary>Completes when another record than this one is known to be stored: a write that tests this one can no longer take effect.</summary>
    public Task MovedFrom(string lockText)
    {
        lock (_gate)
        {
            return _latest.Texts.Lock == lockText ? _moved.Task : Task.CompletedTask;
        }
    }

    /// <summary>Whether this term has sent the lock record recently.</summary>
    public bool HasSent(string? lockText)
    {
        lock (_gate)
        {
            return lockText is not null && _sent.Any(texts => texts.Lock == lockText);
        }
    }

    /// <summary>Whether this term has sent both annotations recently; what it has not sent was written by someone else.</summary>
    public bool HasSent(LockState state)
    {
        lock (_gate)
        {
            return _sent.Any(texts => texts.Lock == state.LockText && texts.Term == state.TermText);
        }
    }

    /// <summary>Whether the state is what this term has left behind, and nobody can have led since.</summary>
    /// <param name="state">The state.</param>
    /// <param name="limit">Less than a lease: who sees the record waits for longer than that.</param>
    /// <param name="timeProvider">The clock.</param>
    public bool HasLeft(LockState state, TimeSpan limit, TimeProvider timeProvider)
    {
        if (state.Uid != won.Uid)
        {
            return false;
        }

        lock (_gate)
        {
            // Nobody has written since; or, where the response was lost, the record itself was sent a moment ago. An older one is a copy.
            return state.ResourceVersion == _standsAt
                || _unsettled.Append(_latest).Any(sent => Matches(sent, state) && timeProvider.GetElapsedTime(sent.SentAt) < limit);
        }
    }

    /// <summary>Whether this is the state in which the lock was taken: older than all that this term has sent, however late a watch shows it.</summary>
    public bool HasReplaced(LockState state) => state.Uid == won.Uid && state.ResourceVersion == won.ReplacedVersion;

    /// <summary>Creates the next record, which may be the last.</summary>
    public SentRecord Next(ElectionContext context, string? address, long addressVersion, LockEnding? ending = null)
    {
        lock (_gate)
        {
            // The renewal time strictly increases within the term, even if the wall clock is stepped back. So no two records have the
            // same text: equal text identifies the write, and a contender that sees the text change knows that the leader is alive.
            var now = context.TimeProvider.GetUtcNow();
            _lastRenewTime = now > _lastRenewTime ? now : _lastRenewTime.AddMicroseconds(1);
            var lease = ending is null && won.Term.Lease is not null ? LeaderElectionRecord.EndlessLease : context.Options.LeaseDuration;
            var record = ending == LockEnding.Released
                ? won.Record.Released(_lastRenewTime)
                : won.Record.Held(context.Identity, lease, won.AcquireTime, _lastRenewTime, won.Record.LeaderTransitions);
            var pod = context.Heartbeats.OwnPod.Reference ?? won.Term.Pod;
            var term = ending is not null ? won.Term with { Address = null, Lease = null, Pod = null } : won.Term with { Address = address, Pod = pod };
            var text = ending is null && address == _latest.Address && pod == _latest.Pod ? _latest.Texts.Term : term.ToJson();
            var sent = new SentRecord(
                new LockTexts(record, text), context.TimeProvider.GetTimestamp(), term.Address, addressVersion, ending is not null, term.Pod);

            // Noted before it is sent: a read by a fenced write can find the record before its response arrives here.
            _unsettled.Add(sent);
            Remember(sent.Texts);
            return sent;
        }
    }

    /// <summary>Records that this record is stored; those sent before it can no longer take effect.</summary>
    /// <param name="record">The record as it was sent.</param>
    /// <param name="version">The version of the object in which it is stored.</param>
    /// <param name="stored">The texts in the server's answer: an admission webhook may have normalized them.</param>
    public void Written(SentRecord record, string? version, LockTexts? stored = null)
    {
        lock (_gate)
        {
            // The keeper and fenced writes both report what they find, in any order. A report of an older record comes from a read
            // that was overtaken, and must not make it the latest again.
            if (record.SentAt < _latest.SentAt)
            {
                return;
            }

            var latest = stored is { } texts && texts != record.Texts ? record with { Texts = texts } : record;
            if (latest.Texts.Lock != _latest.Texts.Lock)
            {
                _moved.SetResult();
                _moved = NewMove();
            }

            if (latest.Texts != record.Texts)
            {
                Remember(latest.Texts);
            }

            _latest = latest;
            _standsAt = version;
            _unsettled.RemoveAll(older => older.SentAt <= record.SentAt);
        }
    }

    /// <summary>Records that the API server has refused this record: it was not and will not be stored.</summary>
    public void NotWritten(SentRecord record)
    {
        lock (_gate)
        {
            _unsettled.Remove(record);
        }
    }

    /// <summary>Judges a state that was read from the API server, and not one from a watch, which may be stale.</summary>
    public Judgment Judge(LockState? state)
    {
        // 1. A ConfigMap that was re-created does not belong to this term, even if a copy of our record was restored into it.
        if (state is null || state.Uid != won.Uid)
        {
            return new(LockVerdict.Gone, state);
        }

        lock (_gate)
        {
            // 2. Both annotations are as the term has written them. A record that was superseded is not among them: if it is stored
            //    again, someone restored it from a copy.
            if (Matches(_latest, state))
            {
                _standsAt = state.ResourceVersion;
                return new(LockVerdict.Latest, state, _latest);
            }

            if (_unsettled.Find(sent => Matches(sent, state)) is { } landed)
            {
                return new(LockVerdict.Landed, state, landed);
            }
        }

        // 3. A record of somebody else, who may lead by it.
        if (state.Record.IsReadable && state.Record.HolderIdentity != won.Term.HolderIdentity)
        {
            return new(state.Record.IsReleased ? LockVerdict.Released : LockVerdict.Taken, state);
        }

        // 4. Our identity, but another session: a restored copy, or another process with the same identity. Its holder may lead.
        if (state.Term is { } term && term.SessionId != won.Term.SessionId)
        {
            return new(LockVerdict.Taken, state);
        }

        // 5. Edited, but taken by nobody: contenders wait a lease from the edit, and the term restores the lock.
        return new(LockVerdict.Edited, state);
    }

    private static TaskCompletionSource NewMove() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static bool Matches(SentRecord sent, LockState state) => sent.Texts.Lock == state.LockText && sent.Texts.Term == state.TermText;

    private void Remember(LockTexts texts)
    {
        _sent.Enqueue(texts);
        if (_sent.Count > Remembered)
        {
            _sent.Dequeue();
        }
    }
}

/// <summary>One lock record that a term has sent.</summary>
/// <param name="Texts">The annotations.</param>
/// <param name="SentAt">The monotonic timestamp before it was sent; the renewal counts from it.</param>
/// <param name="Address">The address that was sent with it.</param>
/// <param name="AddressVersion">The number of times that the address had been set.</param>
/// <param name="IsLast">Whether it ends the term.</param>
/// <param name="Pod">The Pod that was sent with it.</param>
internal sealed record SentRecord(LockTexts Texts, long SentAt, string? Address, long AddressVersion, bool IsLast = false, PodReference? Pod = null);

/// <summary>How the last record of a term leaves the lock.</summary>
internal enum LockEnding
{
    /// <summary>Free at once.</summary>
    Released,

    /// <summary>Held for a last lease, by nothing but its own record: work may still be running.</summary>
    RunsOut,
}

/// <summary>The lock as it was acquired.</summary>
/// <param name="Term">The new term.</param>
/// <param name="Record">The lock record.</param>
/// <param name="AcquireTime">The wall-clock time in the record; informational.</param>
/// <param name="Uid">The UID of the ConfigMap in which the lock was acquired.</param>
/// <param name="Sent">What was written, and when it was sent: the renew deadline counts from it.</param>
/// <param name="ReplacedVersion">The version of the ConfigMap that the write has replaced.</param>
/// <param name="HasData">Whether the entries for people were written too.</param>
/// <param name="StoredVersion">The version in which it was stored; <see langword="null"/> if the response was lost.</param>
/// <param name="Member">The share in the Lease by which the term lives; <see langword="null"/> if the lock itself is renewed.</param>
internal sealed record WonLock(
    TermRecord Term,
    LeaderElectionRecord Record,
    DateTimeOffset AcquireTime,
    string? Uid,
    SentRecord Sent,
    string? ReplacedVersion,
    bool HasData,
    string? StoredVersion = null,
    ProcessLeaseMember? Member = null);

/// <summary>What is stored against what a term has sent.</summary>
internal readonly record struct Judgment(LockVerdict Verdict, LockState? State, SentRecord? Sent = null);

internal enum LockVerdict
{
    /// <summary>The record that is known to have been stored last.</summary>
    Latest,

    /// <summary>A record whose outcome was unknown: it has taken effect.</summary>
    Landed,

    /// <summary>Something else than the term has written, but nobody has taken the lock.</summary>
    Edited,

    /// <summary>Somebody else holds the lock, or another term of the same identity.</summary>
    Taken,

    /// <summary>Someone else has cleared the holder.</summary>
    Released,

    /// <summary>The ConfigMap was deleted or re-created.</summary>
    Gone,
}
