namespace Flink.Kubernetes.HA.LeaderElection;

/// <summary>The address that a term wants to stand in its ConfigMap, and who waits until it does.</summary>
internal sealed class PublishedAddress(string? initial)
{
    private readonly Lock _gate = new();
    private readonly List<(long Version, TaskCompletionSource Published)> _waiting = [];
    private string? _address = initial;
    private string? _previous = initial;
    private long _version;
    private LeadershipLostException? _end;

    public (string? Address, long Version) Wanted
    {
        get
        {
            lock (_gate)
            {
                return (_address, _version);
            }
        }
    }

    /// <summary>Whether the address may stand in the ConfigMap by this term's doing.</summary>
    public bool MayStand(string? address)
    {
        lock (_gate)
        {
            return address == _address || address == _previous;
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

            (_previous, _address) = (_address, address);
            var published = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add((++_version, published));
            return published.Task;
        }
    }

    public void Written(long version)
    {
        List<TaskCompletionSource> done;
        lock (_gate)
        {
            done = [.. _waiting.Where(w => w.Version <= version).Select(w => w.Published)];
            _waiting.RemoveAll(w => w.Version <= version);
        }

        done.ForEach(d => d.TrySetResult());
    }

    public void End(LeadershipLostException exception)
    {
        List<TaskCompletionSource> waiting;
        lock (_gate)
        {
            _end = exception;
            waiting = [.. _waiting.Select(w => w.Published)];
            _waiting.Clear();
        }

        waiting.ForEach(w => w.TrySetException(exception));
    }
}
