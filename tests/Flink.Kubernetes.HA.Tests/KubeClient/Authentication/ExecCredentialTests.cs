using System.Threading.Channels;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.KubeClient.Authentication;
using Xunit;

namespace Flink.Kubernetes.HA.Tests.KubeClient.Authentication;

/// <summary>When the plugin is run again and what is handed out meanwhile, in simulated time.</summary>
public sealed class ExecCredentialTests : AuthenticationTest
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private readonly Channel<Call> _calls = Channel.CreateUnbounded<Call>();
    private readonly ExecCredential _credential;
    private int _running;

    public ExecCredentialTests() => _credential = new ExecCredential(RunAsync, TestEnvironment);

    [Fact]
    public async Task A_credential_without_expiry_is_kept()
    {
        await HoldAsync("a", goodFor: null);
        Clock.Advance(TimeSpan.FromDays(1000));
        Assert.Equal("a", await Get());
        Assert.False(_calls.Reader.TryRead(out _));
    }

    [Fact]
    public async Task Before_the_expiry_the_plugin_runs_in_the_background_and_nobody_waits()
    {
        await HoldAsync("a", TimeSpan.FromMinutes(15));
        Clock.Advance(TimeSpan.FromMinutes(15) - ExecCredential.Ahead - Second);
        Assert.Equal("a", await Get());
        Assert.False(_calls.Reader.TryRead(out _));

        Clock.Advance(Second);
        Assert.Equal("a", await Get());
        Assert.Equal("a", await Get());
        var call = await NextCallAsync();
        call.Answer("b", Clock.GetUtcNow() + TimeSpan.FromMinutes(15));
        await LastRunEndedAsync();
        Assert.Equal("b", await Get());
        Assert.False(_calls.Reader.TryRead(out _));
    }

    [Fact]
    public async Task A_failure_in_the_background_is_logged_and_tried_again_while_the_old_one_serves()
    {
        await HoldAsync("a", TimeSpan.FromMinutes(15));
        Clock.Advance(TimeSpan.FromMinutes(15) - ExecCredential.Ahead);
        Assert.Equal("a", await Get());
        var failing = await NextCallAsync();
        failing.Fail("provider is down");
        await LastRunEndedAsync();
        Assert.Equal("a", await Get());
        Assert.Contains(Logged, l => l.Id == 154 && l.Text.Contains("provider is down", StringComparison.Ordinal));
        Assert.False(_calls.Reader.TryRead(out _));

        Clock.Advance(ExecCredential.LeastBackgroundInterval);
        Assert.Equal("a", await Get());
        (await NextCallAsync()).Answer("b", expiration: null);
    }

    [Fact]
    public async Task After_the_expiry_everybody_waits_for_one_run()
    {
        await HoldAsync("a", TimeSpan.FromMinutes(15));
        Clock.Advance(TimeSpan.FromMinutes(15));
        var waiting = Enumerable.Range(0, 20).Select(i => Get(refresh: i % 2 == 0)).ToArray();
        (await NextCallAsync()).Answer("b", expiration: null);
        Assert.All(await Task.WhenAll(waiting), token => Assert.Equal("b", token));
        Assert.False(_calls.Reader.TryRead(out _));
    }

    [Fact]
    public async Task Steps_of_the_wall_clock_after_the_answer_do_not_count()
    {
        await HoldAsync("a", TimeSpan.FromMinutes(15));
        Clock.StepWallClock(TimeSpan.FromDays(1));
        Assert.Equal("a", await Get());
        Clock.StepWallClock(TimeSpan.FromDays(-2));
        Clock.Advance(TimeSpan.FromMinutes(15));
        var waiting = Get();
        (await NextCallAsync()).Answer("b", expiration: null);
        Assert.Equal("b", await waiting);
    }

    [Fact]
    public async Task After_a_401_it_runs_at_once_but_not_for_every_request_that_heard_of_it()
    {
        await HoldAsync("a", goodFor: null);
        Clock.Advance(Second);
        var refreshed = Get(refresh: true);
        (await NextCallAsync()).Answer("b", expiration: null);
        Assert.Equal("b", await refreshed);
        Assert.Equal("b", await Get(refresh: true));
        Assert.False(_calls.Reader.TryRead(out _));

        Clock.Advance(Second);
        var again = Get(refresh: true);
        (await NextCallAsync()).Answer("c", expiration: null);
        Assert.Equal("c", await again);
    }

    [Fact]
    public async Task A_failure_reaches_all_who_wait_and_is_not_repeated_within_a_second()
    {
        var waiting = new[] { Get(), Get() };
        (await NextCallAsync()).Fail("log in first");
        foreach (var task in waiting)
        {
            Assert.Contains("log in first", (await Assert.ThrowsAsync<KubeConfigException>(() => task)).Message, StringComparison.Ordinal);
        }

        Assert.Contains("log in first", (await Assert.ThrowsAsync<KubeConfigException>(() => Get())).Message, StringComparison.Ordinal);
        Assert.False(_calls.Reader.TryRead(out _));
        Clock.Advance(ExecCredential.LeastInterval);
        var again = Get();
        (await NextCallAsync()).Answer("a", expiration: null);
        Assert.Equal("a", await again);
    }

    [Fact]
    public async Task A_credential_that_has_expired_already_is_used_for_a_second_and_logged()
    {
        var first = Get();
        (await NextCallAsync()).Answer("a", Clock.GetUtcNow() - TimeSpan.FromHours(1));
        Assert.Equal("a", await first);
        Assert.Equal("a", await Get());
        Assert.Contains(Logged, l => l.Id == 155);
        Clock.Advance(Second);
        var second = Get();
        (await NextCallAsync()).Answer("b", expiration: null);
        Assert.Equal("b", await second);
    }

    [Fact]
    public async Task A_run_goes_on_while_one_caller_is_left_and_ends_with_the_last()
    {
        using var impatient = new CancellationTokenSource();
        using var alsoImpatient = new CancellationTokenSource();
        var (first, second) = (Get(cancellationToken: impatient.Token), Get(cancellationToken: alsoImpatient.Token));
        var call = await NextCallAsync();

        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        Assert.False(call.Stopped.IsCancellationRequested);
        await alsoImpatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second.WaitAsync(Patience, Cancellation));
        await LastRunEndedAsync();
        Assert.True(call.Stopped.IsCancellationRequested);

        var third = Get();
        (await NextCallAsync()).Answer("a", expiration: null);
        Assert.Equal("a", await third);
    }

    [Fact]
    public async Task A_new_run_waits_until_the_killed_one_has_ended()
    {
        using var impatient = new CancellationTokenSource();
        var first = Get(cancellationToken: impatient.Token);
        var call = await NextCallAsync(endsWhenStopped: false);
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);

        var second = Get();
        await Assert.ThrowsAsync<TimeoutException>(() => _calls.Reader.WaitToReadAsync(Cancellation).AsTask().WaitAsync(TimeSpan.FromMilliseconds(100), Cancellation));
        call.Fail("killed");
        (await NextCallAsync()).Answer("a", expiration: null);
        Assert.Equal("a", await second);
    }

    [Fact]
    public async Task Disposal_ends_the_run_and_whoever_waits()
    {
        var waiting = Get();
        var call = await NextCallAsync();
        _credential.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting);
        await LastRunEndedAsync();
        Assert.True(call.Stopped.IsCancellationRequested);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => Get());
    }

    private Task<string?> Get(bool refresh = false, CancellationToken? cancellationToken = null) =>
        _credential.GetTokenAsync(refresh, cancellationToken ?? Cancellation).AsTask().WaitAsync(Patience, Cancellation);

    private async Task LastRunEndedAsync()
    {
        await _credential.LastRun.WaitAsync(Patience, Cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Assert.True(_credential.LastRun.IsCompleted);
    }

    private async Task HoldAsync(string token, TimeSpan? goodFor)
    {
        var first = Get();
        (await NextCallAsync()).Answer(token, Clock.GetUtcNow() + goodFor);
        Assert.Equal(token, await first);
    }

    private async Task<Call> NextCallAsync(bool endsWhenStopped = true)
    {
        var call = await _calls.Reader.ReadAsync(Cancellation).AsTask().WaitAsync(Patience, Cancellation);
        if (endsWhenStopped)
        {
            call.EndWhenStopped();
        }

        return call;
    }

    private async Task<ExecAnswer> RunAsync(CancellationToken cancellationToken)
    {
        Assert.Equal(1, Interlocked.Increment(ref _running));
        var call = new Call(cancellationToken);
        _calls.Writer.TryWrite(call);
        try
        {
            return await call.Result;
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }
    }

    private sealed class Call(CancellationToken stopped)
    {
        private readonly TaskCompletionSource<ExecAnswer> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public CancellationToken Stopped => stopped;

        public Task<ExecAnswer> Result => _result.Task;

        public void EndWhenStopped() => stopped.Register(() => _result.TrySetCanceled(stopped));

        public void Answer(string token, DateTimeOffset? expiration) => _result.SetResult(new ExecAnswer { Token = token, Expiration = expiration });

        public void Fail(string message) => _result.TrySetException(new KubeConfigException(message));
    }
}
