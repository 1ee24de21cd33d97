using System.IO.Pipelines;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.Testing;
using Xunit;
using static Flink.Kubernetes.HA.Tests.KubeClient.Http.HttpTestClient;

namespace Flink.Kubernetes.HA.Tests.KubeClient.Http;

public sealed class TimeLimitTests
{
    private readonly ManualTimeProvider _clock = new();

    [Fact]
    public async Task An_answer_that_does_not_come_is_a_time_out_and_for_a_write_unknown()
    {
        var handler = new ScriptedHandler(ScriptedHandler.Hang(), ScriptedHandler.Hang());
        await using var client = Over(handler, _clock);

        var get = await TimesOut(() => client.GetAsync(KubeResources.ConfigMaps, Key, Token));
        var patch = await TimesOut(() => client.PatchAsync(KubeResources.ConfigMaps, Key, Patch, Token));

        Assert.False(get.IsOutcomeUnknown);
        Assert.True(patch.IsOutcomeUnknown);
        Assert.Equal(2, handler.Sent.Count);
    }

    [Fact]
    public async Task The_limit_covers_the_body_too()
    {
        var body = new Pipe();
        await body.Writer.WriteAsync("{\"kind\":"u8.ToArray(), Token);
        await using var client = Over(new ScriptedHandler(ScriptedHandler.Stream(body.Reader.AsStream())), _clock);

        Assert.True((await TimesOut(() => client.PatchAsync(KubeResources.ConfigMaps, Key, Patch, Token))).IsOutcomeUnknown);
    }

    [Fact]
    public async Task A_credential_that_gives_no_token_is_a_time_out_with_nothing_sent()
    {
        var handler = new ScriptedHandler();
        var hung = new DelegateCredential(async cancel => await new TaskCompletionSource<string?>().Task.WaitAsync(cancel));
        await using var client = Over(handler, _clock, credential: hung);

        var failure = await TimesOut(() => client.PatchAsync(KubeResources.ConfigMaps, Key, Patch, Token));

        Assert.False(failure.IsOutcomeUnknown);
        Assert.Contains("nothing was sent", failure.Message, StringComparison.Ordinal);
        Assert.Empty(handler.Sent);
    }

    [Fact]
    public async Task A_watch_has_the_limit_until_it_is_accepted()
    {
        await using var client = Over(new ScriptedHandler(ScriptedHandler.Hang()), _clock);

        Assert.False((await TimesOut(() => ReadAll(client.WatchAsync(KubeResources.ConfigMaps, "ns", null, Token)))).IsOutcomeUnknown);
    }

    [Fact]
    public async Task An_accepted_watch_may_be_silent_for_as_long_as_it_likes()
    {
        var stream = new Pipe();
        await using var client = Over(new ScriptedHandler(ScriptedHandler.Stream(stream.Reader.AsStream())), _clock);
        await using var watch = client.WatchAsync(KubeResources.ConfigMaps, "ns", null, Token).GetAsyncEnumerator(Token);

        var next = watch.MoveNextAsync();
        Assert.Equal(0, _clock.ArmedTimers);
        _clock.Advance(TimeSpan.FromHours(1));
        await stream.Writer.WriteAsync(System.Text.Encoding.UTF8.GetBytes($$"""{"type":"ADDED","object":{{ConfigMapJson}}}""" + "\n"), Token);

        Assert.True(await next);
    }

    [Fact]
    public async Task A_callers_cancellation_stays_what_it_is()
    {
        using var caller = new CancellationTokenSource();
        await using var client = Over(new ScriptedHandler(ScriptedHandler.Hang(), ScriptedHandler.Hang()), _clock);

        var patch = client.PatchAsync(KubeResources.ConfigMaps, Key, Patch, caller.Token);
        var watch = ReadAll(client.WatchAsync(KubeResources.ConfigMaps, "ns", null, caller.Token));
        await caller.CancelAsync();

        Assert.Equal(caller.Token, (await Assert.ThrowsAnyAsync<OperationCanceledException>(() => patch)).CancellationToken);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watch);
        Assert.Equal(0, _clock.ArmedTimers);
    }

    [Fact]
    public async Task Disposing_the_client_ends_its_calls_and_watches()
    {
        var client = Over(new ScriptedHandler(ScriptedHandler.Hang(), ScriptedHandler.Stream(new Pipe().Reader.AsStream())), _clock);

        var get = client.GetAsync(KubeResources.ConfigMaps, Key, Token);
        var watch = ReadAll(client.WatchAsync(KubeResources.ConfigMaps, "ns", null, Token));
        await client.DisposeAsync();
        await client.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => get);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => watch);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => client.GetAsync(KubeResources.ConfigMaps, Key, Token));
    }

    private async Task<KubeClientException> TimesOut(Func<Task> call)
    {
        var running = call();
        await _clock.WaitForTimersAsync(1, Token);
        _clock.Advance(TimeSpan.FromSeconds(10) - TimeSpan.FromTicks(1));
        Assert.False(running.IsCompleted);
        _clock.Advance(TimeSpan.FromTicks(1));
        var failure = await FailureOf(() => running);
        Assert.Equal(KubeFailure.Timeout, failure.Failure);
        Assert.Contains("10 s", failure.Message, StringComparison.Ordinal);
        return failure;
    }
}
