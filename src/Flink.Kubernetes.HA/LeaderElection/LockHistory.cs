using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.LeaderElection;

/// <summary>The lock records that a term has sent: which one is known to stand, and which others may, their answers being lost.</summary>
internal sealed class LockHistory(WonLock won)
{
    /// <summary>More than a watch can lag behind: what it shows of this term's own records is no surprise.</summary>
    private const int Remembered = 64;

    private readonly Lock _gate = new();
    private readonly Queue<string> _sent = new([won.Record.Annotation!]);
    private readonly Dictionary<string, SentRecord> _unsettled = [];
    private SentRecord _latest = new(won.Record.Annotation!, won.SentAt, won.Term.Address, 0);
    private DateTimeOffset _lastRenewTime = won.AcquireTime;
    private TaskCompletionSource _moved = NewMove();

    /// <summary>The record that is known to have been written last.</summary>
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

    /// <summary>Whether a record was sent of which it is not known if it was written.</summary>
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

    /// <summary>Ends when another record than this one is known to have been written: what tests this one can't take effect any more.</summary>
    public Task MovedFrom(string annotation)
    {
        lock (_gate)
        {
            return _latest.Annotation == annotation ? _moved.Task : Task.CompletedTask;
        }
    }

    /// <summary>Whether this term has sent the record, lately.</summary>
    public bool HasSent(string? annotation)
    {
        lock (_gate)
        {
            return annotation is not null && _sent.Contains(annotation);
        }
    }

    /// <summary>Makes the next record; its renewal time differs from all before, also when the wall clock is stepped back, so that no record stands twice.</summary>
    public SentRecord Next(ElectionContext context, string? address, long addressVersion)
    {
        lock (_gate)
        {
            var now = context.TimeProvider.GetUtcNow();
            _lastRenewTime = now > _lastRenewTime ? now : _lastRenewTime.AddMicroseconds(1);
            var record = won.Record.Held(context.Identity, context.Options.LeaseDuration, won.AcquireTime, _lastRenewTime, won.Record.LeaderTransitions);
            var sent = new SentRecord(record, context.TimeProvider.GetTimestamp(), address, addressVersion);
            _unsettled[record] = sent;
            _sent.Enqueue(record);
            if (_sent.Count > Remembered)
            {
                _sent.Dequeue();
            }

            return sent;
        }
    }

    /// <summary>Takes note that the record was written: those sent before it can't take effect any more.</summary>
    public void Written(SentRecord record)
    {
        lock (_gate)
        {
            if (record.SentAt >= _latest.SentAt)
            {
                if (record.Annotation != _latest.Annotation)
                {
                    _moved.SetResult();
                    _moved = NewMove();
                }

                _latest = record;
                foreach (var older in _unsettled.Values.Where(r => r.SentAt <= record.SentAt).ToList())
                {
                    _unsettled.Remove(older.Annotation);
                }
            }
        }
    }

    /// <summary>Takes note that the record certainly was not written.</summary>
    public void NotWritten(SentRecord record)
    {
        lock (_gate)
        {
            _unsettled.Remove(record.Annotation);
        }
    }

    private static TaskCompletionSource NewMove() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Finds the record that stands in the ConfigMap, if it is one that this term has sent and may have been written.</summary>
    public SentRecord? Find(string? annotation)
    {
        lock (_gate)
        {
            return annotation is null ? null
                : annotation == _latest.Annotation ? _latest
                : _unsettled.GetValueOrDefault(annotation);
        }
    }
}
