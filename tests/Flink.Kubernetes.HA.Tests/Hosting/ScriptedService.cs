namespace Flink.Kubernetes.HA.Tests.Hosting;

/// <summary>What the turns of <see cref="ScriptedService"/> do, and what they did.</summary>
internal sealed class Script(HaWorld world)
{
    private int _instances;

    /// <summary>What a turn does; by default it works until it is canceled.</summary>
    public Func<LeadershipTerm, CancellationToken, Task> Work { get; set; } = (_, cancellationToken) => Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);

    public ConcurrentQueue<(LeadershipTerm Term, long At)> Turns { get; } = new();

    public ConcurrentQueue<string> Events { get; } = new();

    public LeadershipTerm Term => Turns.Last().Term;

    /// <summary>The simulated seconds from the beginning of each turn to that of the next.</summary>
    public IEnumerable<double> Gaps => Turns.Zip(Turns.Skip(1), (one, next) => world.Time.GetElapsedTime(one.At, next.At).TotalSeconds);

    public int NextInstance() => Interlocked.Increment(ref _instances);

    public Task TakeTurnAsync(LeadershipTerm term, int instance, CancellationToken cancellationToken)
    {
        Events.Enqueue($"run {instance}");
        Turns.Enqueue((term, world.Time.GetTimestamp()));
        return Work(term, cancellationToken);
    }
}

internal sealed class ScriptedService(Script script) : ILeaderService, IAsyncDisposable
{
    private readonly int _instance = script.NextInstance();

    private LeadershipTerm? _term;

    public Task RunAsync(LeadershipTerm term, CancellationToken cancellationToken)
    {
        _term = term;
        return script.TakeTurnAsync(term, _instance, cancellationToken);
    }

    public ValueTask DisposeAsync()
    {
        script.Events.Enqueue($"scope {_instance} disposed{(_term?.LossReason is null ? "" : ", no longer the leader")}");
        return ValueTask.CompletedTask;
    }
}
