namespace Flink.Kubernetes.HA.Benchmarks.Candidates;

/// <summary>Candidates of one client that contend for one lock, and a raw watch of that lock.</summary>
internal sealed class Group : IAsyncDisposable
{
    // Starting a process costs more than all it does later: a few at a time, or the leases of the others would run out meanwhile.
    private static readonly SemaphoreSlim Starting = new(3);

    private readonly Run _run;
    private readonly Client _client;
    private readonly Times _times;
    private readonly int _standbys;
    private readonly RawApi _api;
    private readonly CancellationTokenSource _stop = new();
    private readonly List<(double At, string Holder)> _states = [];
    private readonly Task _watching;
    private int _started;

    public Group(Run run, Client client, Times times, int standbys, bool hasProxy = false)
    {
        (_run, _client, _times, _standbys) = (run, client, times, standbys);
        _api = new RawApi(run.KubeConfig);
        Proxy = hasProxy ? new Proxy(run.KubeConfig, _api.Address) : null;
        _watching = Task.Run(async () =>
        {
            await foreach (var (at, state) in _api.WatchAsync(client.Resource, Lock, metadataOnly: false, _stop.Token))
            {
                lock (_states)
                {
                    _states.Add((at, RawApi.HolderOf(state)));
                }
            }
        });
    }

    public Client Client => _client;

    /// <summary>All traffic of the candidates, where it was asked for.</summary>
    public Proxy? Proxy { get; }

    public List<CandidateProcess> Candidates { get; } = [];

    public CandidateProcess Leader => Candidates.First(candidate => candidate.IsLeading);

    public IEnumerable<CandidateProcess> Standbys => Candidates.Where(candidate => !candidate.IsLeading);

    /// <summary>The name that the candidates are given.</summary>
    public string Name { get; } = Cluster.NewId();

    public string Lock => Name + _client.LockSuffix;

    /// <summary>Replaces who has ended, and waits until one leads and all others have observed it.</summary>
    public async Task SettleAsync()
    {
        foreach (var ended in Candidates.Where(candidate => candidate.ExitedAt is not null).ToList())
        {
            Candidates.Remove(ended);
            ended.Dispose();
        }

        while (Candidates.Count <= _standbys)
        {
            await Starting.WaitAsync();
            var next = new CandidateProcess(_client, _times, Proxy?.KubeConfig ?? _run.KubeConfig, Name, $"{Name}-{_started++}");
            Candidates.Add(next);
            var hasObserved = await Clock.UntilAsync(() => next.ExitedAt is not null || next.Leader is not null, 60);
            Starting.Release();
            if (!hasObserved || next.ExitedAt is not null)
            {
                throw new TimeoutException($"{_client.Label}: a candidate did not start. {next.LastError}");
            }
        }

        bool IsSettled() => Candidates.Count(candidate => candidate.IsLeading) == 1 && Standbys.All(standby => standby.Leader == Leader.Identity);
        if (!await Clock.UntilAsync(IsSettled, (3 * _times.Lease) + 20))
        {
            throw new TimeoutException($"{_client.Label}: {Candidates.Count(candidate => candidate.IsLeading)} lead, and not all standbys have observed it.");
        }
    }

    /// <summary>Waits until another than the leader says that it leads; the moment, or <see langword="null"/>.</summary>
    public async Task<double?> NextAsync(CandidateProcess leader, double moment, double seconds)
    {
        double? Next() => Candidates.Where(candidate => candidate != leader).Select(candidate => candidate.FirstAfter(moment, "started")).Min();
        await Clock.UntilAsync(() => Next() is not null, seconds);
        return Next();
    }

    /// <summary>When the lock was last seen to change before a moment, with this holder.</summary>
    public double LastSeen(double before, string holder) => States().LastOrDefault(state => state.At < before && state.Holder.StartsWith(holder, StringComparison.Ordinal)).At;

    /// <summary>When the lock was first seen to change after a moment, and to be in a state that fits.</summary>
    public double FirstSeen(double after, Func<string, bool> fits) => States().Where(state => state.At >= after && fits(state.Holder)).Select(state => state.At).FirstOrDefault(double.NaN);

    public async ValueTask DisposeAsync()
    {
        Candidates.ForEach(candidate => candidate.Dispose());
        await _stop.CancelAsync();
        await _watching;
        await _api.CallAsync(HttpMethod.Delete, $"{_client.Resource}/{Lock}");
        _api.Dispose();
        if (Proxy is not null)
        {
            await Proxy.DisposeAsync();
        }
    }

    private List<(double At, string Holder)> States()
    {
        lock (_states)
        {
            return [.. _states];
        }
    }
}
