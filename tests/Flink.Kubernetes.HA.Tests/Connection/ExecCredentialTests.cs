using System.Threading.Channels;
using Flink.Kubernetes.HA.Connection;
using Flink.Kubernetes.HA.Connection.Credentials;
using FluentAssertions;

namespace Flink.Kubernetes.HA.Tests.Connection;

/// <summary>When the plugin is run again and what is handed out meanwhile, in simulated time.</summary>
public sealed class ExecCredentialTests : ConnectionTest
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Life = TimeSpan.FromMinutes(15);

    private readonly Channel<Call> _calls = Channel.CreateUnbounded<Call>();
    private readonly ExecCredential _credential;
    private int _running;

    public ExecCredentialTests() => _credential = new ExecCredential(RunAsync, TestEnvironment);

    [Fact]
    public async Task A_credential_without_expiry_is_kept()
    {
        await HoldAsync("a", goodFor: null);
        Clock.Advance(TimeSpan.FromDays(1000));
        (await Get()).Should().Be("a");
        NoCall();
    }

    [Fact]
    public async Task Before_the_expiry_the_plugin_runs_in_the_background_and_nobody_waits()
    {
        await HoldAsync("a", Life);
        Clock.Advance(Life - ExecCredential.Ahead - Second);
        (await Get()).Should().Be("a");
        NoCall();

        Clock.Advance(Second);
        (await Get()).Should().Be("a");
        (await Get()).Should().Be("a");
        (await NextCallAsync()).Answer("b", Clock.GetUtcNow() + Life);
        await LastRunEndedAsync();
        (await Get()).Should().Be("b");
        NoCall();
    }

    [Fact]
    public async Task A_failure_in_the_background_is_logged_and_tried_again_while_the_old_one_serves()
    {
        await HoldAsync("a", Life);
        Clock.Advance(Life - ExecCredential.Ahead);
        (await Get()).Should().Be("a");
        (await NextCallAsync()).Fail("provider is down");
        await LastRunEndedAsync();
        (await Get()).Should().Be("a");
        Logged.Should().Contain(l => l.Id == 121 && l.Text.Contains("provider is down", StringComparison.Ordinal));
        NoCall();

        Clock.Advance(ExecCredential.LeastBackgroundInterval);
        (await Get()).Should().Be("a");
        (await NextCallAsync()).Answer("b", expiration: null);
    }

    [Fact]
    public async Task After_the_expiry_everybody_waits_for_one_run()
    {
        await HoldAsync("a", Life);
        Clock.Advance(Life);
        var waiting = Enumerable.Range(0, 20).Select(i => Get(refresh: i % 2 == 0)).ToArray();
        (await NextCallAsync()).Answer("b", expiration: null);
        (await Task.WhenAll(waiting)).Should().OnlyContain(token => token == "b");
        NoCall();
    }

    [Fact]
    public async Task Steps_of_the_wall_clock_after_the_answer_do_not_count()
    {
        await HoldAsync("a", Life);
        Clock.Step = TimeSpan.FromDays(1);
        (await Get()).Should().Be("a");
        Clock.Step = TimeSpan.FromDays(-1);
        Clock.Advance(Life);
        var waiting = Get();
        (await NextCallAsync()).Answer("b", expiration: null);
        (await waiting).Should().Be("b");
    }

    [Fact]
    public async Task After_a_401_it_runs_at_once_but_not_for_every_request_that_heard_of_it()
    {
        await HoldAsync("a", goodFor: null);
        Clock.Advance(Second);
        var refreshed = Get(refresh: true);
        (await NextCallAsync()).Answer("b", expiration: null);
        (await refreshed).Should().Be("b");
        (await Get(refresh: true)).Should().Be("b");
        NoCall();

        Clock.Advance(Second);
        var again = Get(refresh: true);
        (await NextCallAsync()).Answer("c", expiration: null);
        (await again).Should().Be("c");
    }

    [Fact]
    public async Task A_failure_reaches_all_who_wait_and_is_not_repeated_within_a_second()
    {
        var waiting = new[] { Get(), Get() };
        (await NextCallAsync()).Fail("log in first");
        foreach (var task in waiting)
        {
            await FluentActions.Awaiting(() => task).Should().ThrowAsync<KubernetesHaException>().WithMessage("*log in first*");
        }

        await FluentActions.Awaiting(() => Get()).Should().ThrowAsync<KubernetesHaException>().WithMessage("*log in first*");
        NoCall();
        Clock.Advance(ExecCredential.LeastInterval);
        var again = Get();
        (await NextCallAsync()).Answer("a", expiration: null);
        (await again).Should().Be("a");
    }

    [Fact]
    public async Task A_credential_that_has_expired_already_is_used_for_a_second_and_logged()
    {
        var first = Get();
        (await NextCallAsync()).Answer("a", Clock.GetUtcNow() - TimeSpan.FromHours(1));
        (await first).Should().Be("a");
        (await Get()).Should().Be("a");
        Logged.Should().Contain(l => l.Id == 122);
        Clock.Advance(Second);
        var second = Get();
        (await NextCallAsync()).Answer("b", expiration: null);
        (await second).Should().Be("b");
    }

    [Fact]
    public async Task A_run_goes_on_while_one_caller_is_left_and_ends_with_the_last()
    {
        using var impatient = new CancellationTokenSource();
        using var alsoImpatient = new CancellationTokenSource();
        var (first, second) = (Get(cancellationToken: impatient.Token), Get(cancellationToken: alsoImpatient.Token));
        var call = await NextCallAsync();

        await impatient.CancelAsync();
        await FluentActions.Awaiting(() => first).Should().ThrowAsync<OperationCanceledException>();
        call.Stopped.IsCancellationRequested.Should().BeFalse();
        await alsoImpatient.CancelAsync();
        await FluentActions.Awaiting(() => second).Should().ThrowAsync<OperationCanceledException>();
        await LastRunEndedAsync();
        call.Stopped.IsCancellationRequested.Should().BeTrue();

        var third = Get();
        (await NextCallAsync()).Answer("a", expiration: null);
        (await third).Should().Be("a");
    }

    [Fact]
    public async Task A_new_run_waits_until_the_killed_one_has_ended()
    {
        using var impatient = new CancellationTokenSource();
        var first = Get(cancellationToken: impatient.Token);
        var call = await NextCallAsync(endsWhenStopped: false);
        await impatient.CancelAsync();
        await FluentActions.Awaiting(() => first).Should().ThrowAsync<OperationCanceledException>();

        // RunAsync fails the test if two runs overlap.
        var second = Get();
        call.Fail("killed");
        (await NextCallAsync()).Answer("a", expiration: null);
        (await second).Should().Be("a");
    }

    [Fact]
    public async Task Disposal_ends_the_run_and_whoever_waits()
    {
        var waiting = Get();
        var call = await NextCallAsync();
        _credential.Dispose();
        await FluentActions.Awaiting(() => waiting).Should().ThrowAsync<ObjectDisposedException>();
        await LastRunEndedAsync();
        call.Stopped.IsCancellationRequested.Should().BeTrue();
        await FluentActions.Awaiting(() => Get()).Should().ThrowAsync<ObjectDisposedException>();
    }

    private async Task<string?> Get(bool refresh = false, CancellationToken? cancellationToken = null) =>
        (await _credential.GetAsync(refresh, cancellationToken ?? Cancellation).AsTask().WaitAsync(Patience, Cancellation))?.Parameter;

    private void NoCall() => _calls.Reader.TryRead(out _).Should().BeFalse();

    private async Task LastRunEndedAsync()
    {
        await _credential.LastRun.WaitAsync(Patience, Cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _credential.LastRun.IsCompleted.Should().BeTrue();
    }

    private async Task HoldAsync(string token, TimeSpan? goodFor)
    {
        var first = Get();
        (await NextCallAsync()).Answer(token, Clock.GetUtcNow() + goodFor);
        (await first).Should().Be(token);
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
        Interlocked.Increment(ref _running).Should().Be(1, "runs must not overlap");
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

        public void Fail(string message) => _result.TrySetException(ConfigurationError.Create(message));
    }
}
