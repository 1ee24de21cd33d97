using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.Testing;
using Xunit;
using static Flink.Kubernetes.HA.Tests.KubeClient.Http.HttpTestClient;

namespace Flink.Kubernetes.HA.Tests.KubeClient.Http;

public sealed class RetryTests
{
    // While a retry is waited for, two timers are armed: the call's time limit and the wait.
    private const int TimersWhileWaiting = 2;

    // A random wait has no other upper bound that a test could pass for certain.
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(1);

    private readonly ManualTimeProvider _clock = new();

    private readonly KubeClientOptions _options = new() { MaxRetryDelay = LongestWait };

    [Fact]
    public async Task A_read_is_repeated_after_5xx_and_lost_connections_until_it_succeeds()
    {
        var handler = new ScriptedHandler(
            ScriptedHandler.Text("down", 503, "text/plain"),
            ScriptedHandler.Throw(HttpRequestError.ResponseEnded),
            ScriptedHandler.Throw(new IOException("reset")),
            ScriptedHandler.Throw(HttpRequestError.ConnectionError),
            ScriptedHandler.Json(ConfigMapJson));
        await using var client = Over(handler, _clock, _options);

        var get = client.GetAsync(KubeResources.ConfigMaps, Key, Token);
        await PassWaitsOf(get);

        Assert.Equal("v", (await get).Data!["k"]);
        Assert.Equal(5, handler.Sent.Count);
    }

    [Fact]
    public async Task A_read_gives_up_after_the_last_retry()
    {
        var down = ScriptedHandler.Text("down", 503, "text/plain");
        var handler = new ScriptedHandler(down, down, down);
        _options.MaxRetries = 2;
        await using var client = Over(handler, _clock, _options);

        var get = client.GetAsync(KubeResources.ConfigMaps, Key, Token);
        await PassWaitsOf(get);

        Assert.Equal(KubeFailure.Unavailable, (await FailureOf(() => get)).Failure);
        Assert.Equal(3, handler.Sent.Count);
    }

    [Theory]
    [InlineData(HttpRequestError.ConnectionError)]
    [InlineData(HttpRequestError.NameResolutionError)]
    [InlineData(HttpRequestError.SecureConnectionError)]
    [InlineData(HttpRequestError.ProxyTunnelError)]
    public async Task A_write_that_never_left_is_repeated(HttpRequestError error)
    {
        var handler = new ScriptedHandler(ScriptedHandler.Throw(error), ScriptedHandler.Json(ConfigMapJson));
        await using var client = Over(handler, _clock, _options);

        var patch = client.PatchAsync(KubeResources.ConfigMaps, Key, Patch, Token);
        await PassWaitsOf(patch);

        Assert.Equal("7", (await patch).Metadata.ResourceVersion);
        Assert.Equal(handler.Sent[0], handler.Sent[1]);
    }

    [Fact]
    public async Task A_write_that_timed_out_while_connecting_is_repeated()
    {
        // What the runtime's handler throws when its own limit on connecting has passed.
        var handler = new ScriptedHandler(ScriptedHandler.Throw(new TaskCanceledException("connect", new TimeoutException())), ScriptedHandler.Json(ConfigMapJson));
        await using var client = Over(handler, _clock, _options);

        var patch = client.PatchAsync(KubeResources.ConfigMaps, Key, Patch, Token);
        await PassWaitsOf(patch);

        Assert.Equal("7", (await patch).Metadata.ResourceVersion);
    }

    [Theory]
    [InlineData(HttpRequestError.ResponseEnded)]
    [InlineData(HttpRequestError.HttpProtocolError)]
    [InlineData(HttpRequestError.InvalidResponse)]
    [InlineData(HttpRequestError.Unknown)]
    public async Task A_write_whose_answer_was_lost_is_unknown_and_not_repeated(HttpRequestError error)
    {
        var handler = new ScriptedHandler(ScriptedHandler.Throw(error));
        await using var client = Over(handler, _clock, _options);

        var failure = await FailureOf(() => client.DeleteAsync(KubeResources.ConfigMaps, Key, null, Token));

        Assert.Equal(KubeFailure.Unavailable, failure.Failure);
        Assert.True(failure.IsOutcomeUnknown);
        Assert.Single(handler.Sent);
    }

    [Fact]
    public async Task A_busy_servers_Retry_After_in_seconds_is_kept_to_by_reads_and_writes()
    {
        var busy = ScriptedHandler.Text("Too many requests, please try again later.", 429, "text/plain", ("Retry-After", "3"));
        var handler = new ScriptedHandler(busy, ScriptedHandler.Json(ConfigMapJson), busy, ScriptedHandler.Json(ConfigMapJson));
        await using var client = Over(handler, _clock);

        foreach (var call in new Func<Task>[]
        {
            () => client.GetAsync(KubeResources.ConfigMaps, Key, Token),
            () => client.PatchAsync(KubeResources.ConfigMaps, Key, Patch, Token),
        })
        {
            var sentBefore = handler.Sent.Count;
            var running = call();
            await ExpectNoRetryBefore(TimeSpan.FromSeconds(3), handler, sentBefore + 1);
            await running;
        }

        Assert.Equal(4, handler.Sent.Count);
    }

    [Fact]
    public async Task A_Retry_After_date_is_read_by_the_servers_own_clock()
    {
        // The server's clock is years behind ours; only the difference to its own Date counts.
        var handler = new ScriptedHandler(
            ScriptedHandler.Status(503, "ServiceUnavailable", "later", ("Date", "Tue, 01 Nov 2022 10:00:00 GMT"), ("Retry-After", "Tue, 01 Nov 2022 10:00:04 GMT")),
            ScriptedHandler.Json(ConfigMapJson));
        await using var client = Over(handler, _clock);

        var running = client.GetAsync(KubeResources.ConfigMaps, Key, Token);
        await ExpectNoRetryBefore(TimeSpan.FromSeconds(4), handler, 1);

        Assert.Equal("7", (await running).Metadata.ResourceVersion);
    }

    [Fact]
    public async Task A_longer_wait_than_allowed_is_left_to_the_caller()
    {
        var handler = new ScriptedHandler(ScriptedHandler.Status(429, "TooManyRequests", "busy", ("Retry-After", "60")));
        await using var client = Over(handler, _clock);

        var failure = await FailureOf(() => client.PatchAsync(KubeResources.ConfigMaps, Key, Patch, Token));

        Assert.Equal(KubeFailure.TooManyRequests, failure.Failure);
        Assert.Equal(TimeSpan.FromSeconds(60), failure.RetryAfter);
        Assert.False(failure.IsOutcomeUnknown);
    }

    [Fact]
    public async Task A_call_ends_with_its_time_limit_also_while_it_waits_and_tells_the_last_failure()
    {
        var busy = ScriptedHandler.Status(429, "TooManyRequests", "busy", ("Retry-After", "4"));
        var handler = new ScriptedHandler(busy, busy, busy);
        await using var client = Over(handler, _clock);

        var patch = client.PatchAsync(KubeResources.ConfigMaps, Key, Patch, Token);
        foreach (var wait in (int[])[4, 4, 2])
        {
            await _clock.WaitForTimersAsync(TimersWhileWaiting, Token);
            _clock.Advance(TimeSpan.FromSeconds(wait));
        }

        var failure = await FailureOf(() => patch);
        Assert.Equal(KubeFailure.TooManyRequests, failure.Failure);
        Assert.False(failure.IsOutcomeUnknown);
    }

    [Fact]
    public async Task A_callers_cancellation_ends_the_wait_for_a_retry()
    {
        using var caller = new CancellationTokenSource();
        await using var client = Over(new ScriptedHandler(ScriptedHandler.Text("down", 503, "text/plain")), _clock);

        var get = client.GetAsync(KubeResources.ConfigMaps, Key, caller.Token);
        await _clock.WaitForTimersAsync(TimersWhileWaiting, Token);
        await caller.CancelAsync();

        var thrown = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => get);
        Assert.Equal(caller.Token, thrown.CancellationToken);
        Assert.Equal(0, _clock.ArmedTimers);
    }

    [Fact]
    public async Task Opening_a_watch_is_left_to_whoever_keeps_it_alive()
    {
        var handler = new ScriptedHandler(ScriptedHandler.Text("down", 503, "text/plain"));
        await using var client = Over(handler, _clock, _options);

        var failure = await FailureOf(() => ReadAll(client.WatchAsync(KubeResources.ConfigMaps, "ns", null, Token)));

        Assert.Equal(KubeFailure.Unavailable, failure.Failure);
        Assert.False(failure.IsOutcomeUnknown);
        Assert.Single(handler.Sent);
    }

    // One step may pass several waits, so it is not the steps that are counted.
    private async Task PassWaitsOf(Task call)
    {
        using var over = new CancellationTokenSource();
        while (await Task.WhenAny(call, _clock.WaitForTimersAsync(TimersWhileWaiting, over.Token)) != call)
        {
            _clock.Advance(LongestWait);
        }

        await over.CancelAsync();
    }

    private async Task ExpectNoRetryBefore(TimeSpan wait, ScriptedHandler handler, int sent)
    {
        await _clock.WaitForTimersAsync(TimersWhileWaiting, Token);
        _clock.Advance(wait - TimeSpan.FromTicks(1));
        Assert.Equal(sent, handler.Sent.Count);
        Assert.Equal(TimersWhileWaiting, _clock.ArmedTimers);
        _clock.Advance(TimeSpan.FromTicks(1));
    }
}
