namespace Flink.Kubernetes.HA.Tests.ConfigMaps;

/// <summary>Reads are tried again, writes and watches are left to those who know what a lost response means.</summary>
public sealed class RequestRetryTests() : RequestTest(maxRetries: 5)
{
    private static readonly Func<HttpResponseMessage> Down = () => Answer.Text(503, "down", "text/plain");

    public static TheoryData<string> NotRetried => ["watch", "create", "patch", "delete"];

    [Fact]
    public async Task A_read_is_tried_again_after_5xx_429_and_lost_connections_until_it_succeeds()
    {
        Responds(
            Down,
            () => throw new HttpRequestException(HttpRequestError.ResponseEnded, "x"),
            () => throw new IOException("reset"),
            () => throw new HttpRequestException(HttpRequestError.ConnectionError, "x"),
            () => Answer.Status(429, "TooManyRequests"),
            () => Answer.Text(200, Answer.ConfigMap));
        var get = Requests.GetAsync(Key, metadataOnly: false, Canceled);

        await PassAsync(get, TimeSpan.FromSeconds(9));

        (await get).Data["k"].Should().Be("v");
        Handler.Sent.Should().HaveCount(6);
        Logs.Count(102).Should().Be(5);
        Time.ArmedTimers.Should().Be(0);
    }

    [Fact]
    public async Task A_read_fails_after_the_last_retry_with_the_last_failure()
    {
        Responds(Down, Down, Down, Down, Down, () => Answer.Status(500, "InternalError"));
        var list = CallAsync("list");

        await PassAsync(list, TimeSpan.FromSeconds(10));

        (await FailureOfAsync(list)).StatusCode.Should().Be(HttpStatusCode.InternalServerError);
        Handler.Sent.Should().HaveCount(6);
    }

    [Theory]
    [InlineData(400)]
    [InlineData(401)]
    [InlineData(403)]
    [InlineData(404)]
    [InlineData(410)]
    public async Task A_refusal_is_not_tried_again(int status)
    {
        Responds(() => Answer.Status(status, "X"));

        await FailureOfAsync("get");

        Handler.Sent.Should().ContainSingle();
    }

    [Theory]
    [MemberData(nameof(NotRetried))]
    public async Task Writes_and_watches_are_never_tried_again(string verb)
    {
        Responds(Down);
        await FailureOfAsync(verb);
        Throws(new HttpRequestException(HttpRequestError.ConnectionError, "x"));
        await FailureOfAsync(verb);
        Responds(() => Answer.Status(429, "TooManyRequests", headers: ("Retry-After", "1")));
        await FailureOfAsync(verb);

        Handler.Sent.Should().HaveCount(3);
        Time.ArmedTimers.Should().Be(0);
    }

    [Fact]
    public async Task A_copy_with_another_time_limit_does_not_try_again()
    {
        Responds(Down);

        await FailureOfAsync(CallAsync(Requests.WithTimeout(TimeSpan.FromSeconds(1)), "get"));

        Handler.Sent.Should().ContainSingle();
    }

    [Fact]
    public async Task The_wait_that_the_server_asks_for_is_respected()
    {
        Responds(() => Answer.Status(429, "TooManyRequests", headers: ("Retry-After", "3")), () => Answer.Text(200, Answer.ConfigMap));
        var get = CallAsync("get");

        await Time.AdvanceAsync(TimeSpan.FromSeconds(3) - TimeSpan.FromTicks(1), cancellationToken: Canceled);
        Handler.Sent.Should().ContainSingle();
        await PassAsync(get, TimeSpan.FromTicks(1));
    }

    [Fact]
    public async Task A_longer_wait_is_left_to_the_caller()
    {
        Responds(() => Answer.Status(503, "ServiceUnavailable", headers: ("Retry-After", "6")));

        (await FailureOfAsync("get")).RetryAfter.Should().Be(TimeSpan.FromSeconds(6));

        Handler.Sent.Should().ContainSingle();
    }

    [Fact]
    public async Task The_time_limit_covers_all_attempts_and_the_delays_between_them()
    {
        Responds(() => Answer.Status(429, "TooManyRequests", headers: ("Retry-After", "4")));
        var get = CallAsync("get");

        await Time.AdvanceAsync(TimeSpan.FromSeconds(10) - TimeSpan.FromTicks(1), cancellationToken: Canceled);
        get.IsCompleted.Should().BeFalse();
        await PassAsync(get, TimeSpan.FromTicks(1));

        (await FailureOfAsync(get)).Failure.Should().Be(KubernetesFailure.TooManyRequests, "it says more than that time has passed");
        Handler.Sent.Should().HaveCount(3);
        Time.ArmedTimers.Should().Be(0);
    }

    [Fact]
    public async Task A_cancellation_ends_the_wait_for_a_retry()
    {
        using var caller = new CancellationTokenSource();
        Responds(() => Answer.Status(429, "TooManyRequests", headers: ("Retry-After", "4")));
        var get = CallAsync("get", caller.Token);
        await Time.AdvanceAsync(TimeSpan.FromSeconds(1), cancellationToken: Canceled);

        await caller.CancelAsync();

        (await get.Awaiting(call => call).Should().ThrowAsync<OperationCanceledException>()).Which.CancellationToken.Should().Be(caller.Token);
        Time.ArmedTimers.Should().Be(0);
    }
}
