using System.Collections.Concurrent;
using System.Threading.Channels;
using Flink.Kubernetes.HA.LeaderElection;

namespace Flink.Kubernetes.HA.Tests.HighAvailabilityServices;

/// <summary>What the turns of <see cref="ScriptedService"/> do.</summary>
internal sealed class Script
{
    private readonly Channel<(Func<CancellationToken, Task> Work, TaskCompletionSource<(LeadershipTerm, int)> Began)> _turns =
        Channel.CreateUnbounded<(Func<CancellationToken, Task>, TaskCompletionSource<(LeadershipTerm, int)>)>();

    private int _instances;

    public ConcurrentQueue<string> Events { get; } = new();

    /// <summary>Gives the next turn its work, and waits for that turn to begin.</summary>
    public async Task<(LeadershipTerm Term, int Instance)> RunAsync(Func<CancellationToken, Task> work)
    {
        var began = new TaskCompletionSource<(LeadershipTerm, int)>(TaskCreationOptions.RunContinuationsAsynchronously);
        _turns.Writer.TryWrite((work, began));
        return await began.Task.WaitAsync(TimeSpan.FromSeconds(30));
    }

    public int NextInstance() => Interlocked.Increment(ref _instances);

    public async Task TakeTurnAsync(LeadershipTerm term, int instance, CancellationToken cancellationToken)
    {
        Events.Enqueue($"run {instance}");
        var (work, began) = await _turns.Reader.ReadAsync(cancellationToken);
        began.SetResult((term, instance));
        await work(cancellationToken);
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
        script.Events.Enqueue($"scope {_instance} disposed{(_term?.LossReason is null ? "" : ", not leading any more")}");
        return ValueTask.CompletedTask;
    }
}
