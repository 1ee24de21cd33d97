using System.Collections.Concurrent;

namespace Flink.Kubernetes.HA.Tests.LeaderRetrieval;

/// <summary>Keeps what it hears: leaders, <see langword="null"/> for none, and exceptions.</summary>
internal sealed class RecordingListener : ILeaderRetrievalListener
{
    private readonly Channel<object?> _heard = Channel.CreateUnbounded<object?>();
    private int _callsUnderWay;

    /// <summary>All that it has heard so far.</summary>
    public ConcurrentQueue<object?> Heard { get; } = new();

    /// <summary>Runs within each call for a leader, after it was noted.</summary>
    public Func<LeaderInformation?, CancellationToken, Task> OnLeader { get; set; } = (_, _) => Task.CompletedTask;

    public int CallsAtOnce { get; private set; }

    public async Task<object?> NextAsync() =>
        await _heard.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(30));

    public void HasHeardNothingMore() =>
        _heard.Reader.TryRead(out var heard).Should().BeFalse($"there is nothing more to hear, but it heard {heard ?? "of no leader"}");

    public async ValueTask OnLeaderChangedAsync(LeaderInformation? leader, CancellationToken cancellationToken)
    {
        CallsAtOnce = Math.Max(CallsAtOnce, Interlocked.Increment(ref _callsUnderWay));
        Heard.Enqueue(leader);
        _heard.Writer.TryWrite(leader);
        try
        {
            await OnLeader(leader, cancellationToken);
        }
        finally
        {
            Interlocked.Decrement(ref _callsUnderWay);
        }
    }

    public ValueTask OnErrorAsync(Exception exception, CancellationToken cancellationToken)
    {
        CallsAtOnce = Math.Max(CallsAtOnce, Volatile.Read(ref _callsUnderWay) + 1);
        _heard.Writer.TryWrite(exception);
        return ValueTask.CompletedTask;
    }
}
