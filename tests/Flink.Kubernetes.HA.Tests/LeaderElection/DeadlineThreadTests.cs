using Flink.Kubernetes.HA.LeaderElection.Heartbeats;
using System.Diagnostics;
using Flink.Kubernetes.HA.LeaderElection.Locking;

namespace Flink.Kubernetes.HA.Tests.LeaderElection;

/// <summary>Deadlines in real time, on a thread of their own (promise P3).</summary>
[Collection(SimulatedTime.Name)]
public sealed class DeadlineThreadTests
{
    [Fact]
    public async Task A_deadline_is_told_in_time_while_every_thread_of_the_pool_is_blocked()
    {
        using var blocked = new ManualResetEventSlim();
        var told = new TaskCompletionSource<TimeSpan>(TaskCreationOptions.RunContinuationsAsynchronously);
        var start = Stopwatch.GetTimestamp();
        await using var deadline = new RenewDeadline(
            TimeSpan.FromSeconds(1), TimeProvider.System.GetTimestamp(), TimeProvider.System, _ => told.TrySetResult(Stopwatch.GetElapsedTime(start)));

        // More work than the pool adds threads for meanwhile.
        for (var i = 0; i < 200; i++)
        {
            ThreadPool.UnsafeQueueUserWorkItem(_ => blocked.Wait(), null);
        }

        var elapsed = Task.Run(() => told.Task); // Begins only when the pool is free again.
        SpinWait.SpinUntil(() => told.Task.IsCompleted, TimeSpan.FromSeconds(20));
        blocked.Set();
        (await elapsed).Should().BeGreaterThanOrEqualTo(TimeSpan.FromSeconds(1)).And.BeLessThan(TimeSpan.FromSeconds(5), "the pool adds a thread or two a second, and has work for 200");
    }

    [Fact]
    public async Task A_renewal_moves_the_deadline_and_a_disposed_one_tells_nothing()
    {
        var told = 0;
        var deadline = new RenewDeadline(TimeSpan.FromMilliseconds(200), TimeProvider.System.GetTimestamp(), TimeProvider.System, _ => Interlocked.Increment(ref told));
        for (var i = 0; i < 5; i++)
        {
            await Task.Delay(100, TestContext.Current.CancellationToken);
            if (!deadline.HasPassed)
            {
                deadline.Renewed(TimeProvider.System.GetTimestamp());
            }
        }

        await deadline.DisposeAsync();
        var before = Volatile.Read(ref told);
        await Task.Delay(400, TestContext.Current.CancellationToken);
        Volatile.Read(ref told).Should().Be(before);
    }
}
