using System.Collections.Concurrent;
using Flink.Kubernetes.HA.Testing;

namespace Flink.Kubernetes.HA.Tests.Testing;

public sealed class ManualTimeProviderTests
{
    private static readonly TimeSpan OneSecond = TimeSpan.FromSeconds(1);

    private readonly ManualTimeProvider _time = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void Stepping_the_wall_clock_leaves_the_monotonic_clock_alone()
    {
        var (wall, monotonic) = (_time.GetUtcNow(), _time.GetTimestamp());
        _time.StepWallClock(-OneSecond);
        _time.GetUtcNow().Should().Be(wall - OneSecond);
        _time.GetTimestamp().Should().Be(monotonic);
    }

    [Fact]
    public void Advancing_moves_both_clocks_also_without_timers()
    {
        var (wall, monotonic) = (_time.GetUtcNow(), _time.GetTimestamp());
        _time.Advance(OneSecond);
        _time.GetUtcNow().Should().Be(wall + OneSecond);
        _time.GetElapsedTime(monotonic).Should().Be(OneSecond);
    }

    [Fact]
    public async Task Code_that_waits_sees_each_due_time_exactly()
    {
        var seen = new ConcurrentQueue<TimeSpan>();
        var start = _time.GetTimestamp();
        var loop = Task.Run(
            async () =>
            {
                for (var i = 0; i < 5; i++)
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(700), _time, Cancellation);
                    seen.Enqueue(_time.GetElapsedTime(start));
                }
            },
            Cancellation);
        await _time.AdvanceAsync(TimeSpan.FromSeconds(10), cancellationToken: Cancellation);
        loop.IsCompletedSuccessfully.Should().BeTrue();
        seen.Select(t => (int)t.TotalMilliseconds).Should().Equal(700, 1400, 2100, 2800, 3500);
        _time.GetElapsedTime(start).Should().Be(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Advancing_until_a_condition_stops_where_it_began_to_hold()
    {
        var start = _time.GetTimestamp();
        var delay = Task.Delay(TimeSpan.FromSeconds(3), _time, Cancellation);
        (await _time.AdvanceUntilAsync(() => delay.IsCompleted, TimeSpan.FromHours(1), cancellationToken: Cancellation)).Should().BeTrue();
        _time.GetElapsedTime(start).Should().Be(TimeSpan.FromSeconds(3));
        (await _time.AdvanceUntilAsync(() => false, OneSecond, cancellationToken: Cancellation)).Should().BeFalse();
        _time.GetElapsedTime(start).Should().Be(TimeSpan.FromSeconds(4));
    }

    [Fact]
    public async Task Timers_within_one_step_fire_together_at_its_end()
    {
        var seen = new ConcurrentBag<TimeSpan>();
        var start = _time.GetTimestamp();
        using var first = _time.CreateTimer(_ => seen.Add(_time.GetElapsedTime(start)), null, TimeSpan.FromMilliseconds(10), Timeout.InfiniteTimeSpan);
        using var second = _time.CreateTimer(_ => seen.Add(_time.GetElapsedTime(start)), null, TimeSpan.FromMilliseconds(30), Timeout.InfiniteTimeSpan);
        await _time.AdvanceAsync(OneSecond, TimeSpan.FromMilliseconds(50), Cancellation);
        seen.Select(t => (int)t.TotalMilliseconds).Should().Equal(50, 50);
    }

    [Fact]
    public async Task A_periodic_timer_fires_once_per_period_until_it_is_disposed()
    {
        var count = 0;
        var timer = _time.CreateTimer(_ => Interlocked.Increment(ref count), null, OneSecond, OneSecond);
        await _time.AdvanceAsync(TimeSpan.FromSeconds(5.5), cancellationToken: Cancellation);
        count.Should().Be(5);
        await timer.DisposeAsync();
        await _time.AdvanceAsync(TimeSpan.FromSeconds(5), cancellationToken: Cancellation);
        count.Should().Be(5);
        timer.Change(OneSecond, OneSecond).Should().BeFalse();
        _time.ArmedTimers.Should().Be(0);
    }

    [Fact]
    public async Task A_plain_advance_fires_every_period_that_it_passes()
    {
        var count = 0;
        using var timer = _time.CreateTimer(_ => Interlocked.Increment(ref count), null, TimeSpan.Zero, OneSecond);
        _time.Advance(TimeSpan.FromSeconds(3));
        await _time.AdvanceAsync(TimeSpan.Zero, cancellationToken: Cancellation);
        count.Should().Be(4);
    }

    [Fact]
    public async Task Cancellation_sources_and_periodic_timers_run_on_it()
    {
        using var source = new CancellationTokenSource(OneSecond, _time);
        using var periodic = new PeriodicTimer(TimeSpan.FromSeconds(2), _time);
        var tick = periodic.WaitForNextTickAsync(Cancellation).AsTask();
        await _time.AdvanceAsync(OneSecond, cancellationToken: Cancellation);
        source.IsCancellationRequested.Should().BeTrue();
        tick.IsCompleted.Should().BeFalse();
        await _time.AdvanceAsync(OneSecond, cancellationToken: Cancellation);
        (await tick).Should().BeTrue();
    }

    [Fact]
    public async Task The_barrier_waits_until_enough_timers_are_armed()
    {
        var armed = _time.WaitForTimersAsync(2, Cancellation);
        using var first = _time.CreateTimer(_ => { }, null, OneSecond, Timeout.InfiniteTimeSpan);
        armed.IsCompleted.Should().BeFalse();
        using var second = _time.CreateTimer(_ => { }, null, OneSecond, Timeout.InfiniteTimeSpan);
        await armed;
        _time.ArmedTimers.Should().Be(2);
    }

    [Theory]
    [InlineData(0.9)]
    [InlineData(1.1)]
    public async Task A_skewed_clock_runs_at_its_rate_and_its_timers_never_fire_early(double rate)
    {
        var skewed = _time.CreateSkewed(rate, TimeSpan.FromHours(-1));
        var (start, wall) = (skewed.GetTimestamp(), skewed.GetUtcNow());
        wall.Should().Be(_time.GetUtcNow() - TimeSpan.FromHours(1));
        var delay = Task.Delay(TimeSpan.FromSeconds(99), skewed, Cancellation);
        (await _time.AdvanceUntilAsync(() => delay.IsCompleted, TimeSpan.FromHours(1), cancellationToken: Cancellation)).Should().BeTrue();
        skewed.GetElapsedTime(start).TotalSeconds.Should().BeInRange(99, 99.000_01);
        (skewed.GetUtcNow() - wall).TotalSeconds.Should().BeApproximately(skewed.GetElapsedTime(start).TotalSeconds, 0.001);
        ((_time.GetUtcNow() - wall).TotalSeconds - 3600).Should().BeApproximately(99 / rate, 0.001);
    }

    [Fact]
    public async Task An_idle_day_costs_next_to_nothing()
    {
        var count = 0;
        using var timer = _time.CreateTimer(_ => Interlocked.Increment(ref count), null, OneSecond, OneSecond);
        var start = TimeProvider.System.GetTimestamp();
        await _time.AdvanceAsync(TimeSpan.FromHours(2), cancellationToken: Cancellation);
        count.Should().Be(7200);
        TestContext.Current.TestOutputHelper?.WriteLine($"7200 steps: {TimeProvider.System.GetElapsedTime(start).TotalMilliseconds:F0} ms");
    }
}
