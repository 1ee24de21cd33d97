using System.IO.Pipelines;

namespace Flink.Kubernetes.HA.Tests.ConfigMaps;

/// <summary>Every call ends at its time limit or its cancellation, whatever the client and the network do; and never on the caller's stack.</summary>
public sealed class RequestTimeLimitTests : RequestTest
{
    public static TheoryData<string, int, bool> Stalls => new MatrixTheoryData<string, int, bool>(["get", "list", "create", "patch", "delete"], [200, 422, 500], [true, false]);

    [Theory]
    [MemberData(nameof(Verbs))]
    public async Task A_response_that_does_not_come_is_a_timeout(string verb)
    {
        Hangs();
        await TimesOutAsync(verb);
    }

    // The official client reads the body with blocking calls that no token ends, on the thread on which the headers arrived.
    [Theory]
    [MemberData(nameof(Stalls))]
    public async Task A_body_that_stalls_is_a_timeout_also_with_a_client_that_ignores_it(string verb, int status, bool atOnce)
    {
        Handler.OnRequest = async (_, _) =>
        {
            if (!atOnce)
            {
                await Task.Yield();
            }

            return Answer.Stream(status, Stalled("""{"kind":"""));
        };
        await TimesOutAsync(verb);
    }

    [Fact]
    public async Task A_refusal_of_a_watch_that_stalls_is_a_timeout()
    {
        Responds(() => Answer.Stream(403, Stalled("""{"kind":""")));
        await TimesOutAsync("watch");
    }

    [Fact]
    public async Task A_watch_that_opens_after_the_limit_is_closed()
    {
        var late = new TaskCompletionSource<HttpResponseMessage>(TaskCreationOptions.RunContinuationsAsynchronously);
        Handler.OnRequest = (_, _) => late.Task;
        await TimesOutAsync("watch");
        var pipe = new Pipe();

        late.SetResult(Answer.Stream(200, pipe.Reader.AsStream()));

        while (!(await pipe.Writer.FlushAsync(Canceled)).IsCompleted)
        {
            await Task.Yield();
        }
    }

    [Fact]
    public async Task An_accepted_watch_may_be_silent_for_as_long_as_it_likes_and_can_be_canceled()
    {
        using var caller = new CancellationTokenSource();
        Responds(() => Answer.Stream(200, Stalled()));
        var watch = CallAsync("watch", caller.Token);

        await Time.AdvanceAsync(TimeSpan.FromHours(1), cancellationToken: Canceled);
        (watch.IsCompleted, Time.ArmedTimers).Should().Be((false, 0));
        await caller.CancelAsync();

        (await watch.Awaiting(call => call).Should().ThrowAsync<OperationCanceledException>()).Which.CancellationToken.Should().Be(caller.Token);
    }

    [Theory]
    [MemberData(nameof(Verbs))]
    public async Task A_canceled_call_sends_nothing(string verb)
    {
        await Awaiting(() => CallAsync(verb, new CancellationToken(canceled: true))).Should().ThrowAsync<OperationCanceledException>();

        Handler.Sent.Should().BeEmpty();
    }

    [Theory]
    [MemberData(nameof(Verbs))]
    public async Task The_callers_cancellation_takes_precedence_over_whatever_the_client_throws(string verb)
    {
        using var caller = new CancellationTokenSource();
        Handler.OnRequest = async (_, _) =>
        {
            await caller.CancelAsync();
            throw new HttpRequestException(HttpRequestError.ConnectionError, "x");
        };

        (await Awaiting(() => CallAsync(verb, caller.Token)).Should().ThrowAsync<OperationCanceledException>()).Which.CancellationToken.Should().Be(caller.Token);
        Time.ArmedTimers.Should().Be(0);
    }

    [Theory]
    [MemberData(nameof(Verbs))]
    public async Task A_cancellation_ends_a_call_that_hangs_even_if_the_client_ignores_it(string verb)
    {
        using var caller = new CancellationTokenSource();
        var never = new TaskCompletionSource<HttpResponseMessage>();
        Handler.OnRequest = (_, _) => never.Task;
        var call = CallAsync(verb, caller.Token);
        await Time.WaitForTimersAsync(1, Canceled);

        await caller.CancelAsync();

        (await call.Awaiting(running => running).Should().ThrowAsync<OperationCanceledException>()).Which.CancellationToken.Should().Be(caller.Token);
        Time.ArmedTimers.Should().Be(0);
    }

    [Theory]
    [MemberData(nameof(Verbs))]
    public async Task A_call_returns_to_its_caller_before_the_client_has_done_anything(string verb)
    {
        using var returned = new ManualResetEventSlim();
        Handler.OnRequest = (_, _) =>
        {
            returned.Wait(TimeSpan.FromSeconds(30), CancellationToken.None).Should().BeTrue("the caller is not on this stack");
            return Task.FromResult(Answer.Status(404, "NotFound"));
        };

        var call = CallAsync(verb);
        returned.Set();

        (await FailureOfAsync(call)).Failure.Should().Be(KubernetesFailure.NotFound);
    }

    [Theory]
    [MemberData(nameof(Verbs))]
    public void A_caller_that_blocks_on_a_call_in_a_context_of_one_thread_does_not_deadlock(string verb)
    {
        Handler.OnRequest = async (_, _) =>
        {
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            return Answer.Status(404, "NotFound");
        };
        var thread = new Thread(() =>
        {
            // Its one thread is this one, which blocks: what is posted to it never runs.
            SynchronizationContext.SetSynchronizationContext(new NeverRuns());
            CallAsync(verb).ContinueWith(_ => { }, TaskScheduler.Default).Wait();
        }) { IsBackground = true };
        thread.Start();

        thread.Join(TimeSpan.FromSeconds(30)).Should().BeTrue();
    }

    private async Task TimesOutAsync(string verb)
    {
        var call = CallAsync(verb);
        await Time.AdvanceAsync(TimeSpan.FromSeconds(10) - TimeSpan.FromTicks(1), cancellationToken: Canceled);
        call.IsCompleted.Should().BeFalse();
        Handler.Sent.Should().ContainSingle();
        await PassAsync(call, TimeSpan.FromTicks(1));

        var failure = await FailureOfAsync(call);
        (failure.Failure, failure.Verb, failure.StatusCode).Should().Be((KubernetesFailure.Timeout, verb, null));
        failure.IsOutcomeUnknown.Should().Be(verb is "create" or "patch" or "delete");
        failure.Message.Should().Contain("within 10 s");
        Logs.Of(101).Should().ContainSingle().Which.Should().StartWith("Timeout after");
        Time.ArmedTimers.Should().Be(0);
    }

    private sealed class NeverRuns : SynchronizationContext
    {
        public override void Post(SendOrPostCallback d, object? state)
        {
        }
    }
}
