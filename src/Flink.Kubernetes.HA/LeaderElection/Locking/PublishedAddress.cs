namespace Flink.Kubernetes.HA.LeaderElection.Locking;

/// <summary>The address that a term wants to be stored in its ConfigMap, and the callers that wait for it.</summary>
internal sealed class PublishedAddress(string? initial)
{
    private readonly Lock _gate = new();
    private readonly List<(long Version, TaskCompletionSource Published)> _waiting = [];
    private (string? Address, long Version) _wanted = (initial, 0);
    private (string? Address, long Version) _stored = (initial, 0);
    private LeadershipLostException? _end;

    public (string? Address, long Version) Wanted
    {
        get
        {
            lock (_gate)
            {
                return _wanted;
            }
        }
    }

    /// <summary>Whether an address waits to be stored.</summary>
    public bool IsPending
    {
        get
        {
            lock (_gate)
            {
                return _wanted.Version > _stored.Version;
            }
        }
    }

    public Task Set(string address)
    {
        lock (_gate)
        {
            if (_end is not null)
            {
                return Task.FromException(_end);
            }

            _wanted = (address, _wanted.Version + 1);
            var published = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add((_wanted.Version, published));
            return published.Task;
        }
    }

    /// <summary>Records that an address is stored.</summary>
    public void Written(string? address, long version)
    {
        List<TaskCompletionSource> done;
        lock (_gate)
        {
            if (version > _stored.Version)
            {
                _stored = (address, version);
            }

            done = Take(version);
        }

        done.ForEach(waiting => waiting.TrySetResult());
    }

    /// <summary>Gives an address up that the API server refuses, so that renewals do not carry it again.</summary>
    public void Refused(long version, Exception exception)
    {
        List<TaskCompletionSource> refused;
        lock (_gate)
        {
            if (_wanted.Version == version)
            {
                _wanted = (_stored.Address, version);
                _stored = _wanted;
            }

            refused = Take(version);
        }

        refused.ForEach(waiting => waiting.TrySetException(exception));
    }

    public void End(LeadershipLostException exception)
    {
        List<TaskCompletionSource> waiting;
        lock (_gate)
        {
            _end = exception;
            waiting = Take(long.MaxValue);
        }

        waiting.ForEach(w => w.TrySetException(exception));
    }

    private List<TaskCompletionSource> Take(long version)
    {
        List<TaskCompletionSource> taken = [.. _waiting.Where(w => w.Version <= version).Select(w => w.Published)];
        _waiting.RemoveAll(w => w.Version <= version);
        return taken;
    }
}
