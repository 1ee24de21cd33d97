namespace Flink.Kubernetes.HA.Storage.Tests.S3;

/// <summary>The traps that the package's README lists.</summary>
public sealed class S3TrapTests(S3ServerFixture shared)
{
    private static readonly StateKey Key = new("cluster/a");
    private static readonly byte[] Large = new byte[12 << 20];
    private readonly FaultyHttp _http = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(2)]
    [InlineData(0)]
    public async Task A_put_whose_answer_was_lost_and_that_is_repeated_does_not_lose_against_itself(int retriesOfTheSdk)
    {
        using var storage = await OpenAsync(retriesOfTheSdk);
        LoseFirstAnswer(FaultyHttp.IsPut);

        var state = await storage.WriteAsync(Key, [1, 2, 3], Token);

        (await storage.ReadAllBytesAsync(state, Token)).Should().Equal(1, 2, 3);
        _http.Log.Contains("PUT  412").Should().Be(retriesOfTheSdk > 0);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(0)]
    public async Task A_completion_whose_answer_was_lost_and_that_is_repeated_succeeds(int retriesOfTheSdk)
    {
        using var storage = await OpenAsync(retriesOfTheSdk);
        LoseFirstAnswer(FaultyHttp.IsCompletion);

        var state = await storage.WriteAsync(Key, Large, Token);

        (await storage.ReadAllBytesAsync(state, Token)).Should().Equal(Large);
    }

    [Theory]
    [InlineData(HttpStatusCode.Conflict, "ConditionalRequestConflict", false)]
    [InlineData(HttpStatusCode.InternalServerError, "InternalError", false)]
    [InlineData(HttpStatusCode.InternalServerError, "InternalError", true)]
    [InlineData(HttpStatusCode.PreconditionFailed, "PreconditionFailed", true)]
    public async Task A_strange_answer_to_a_put_is_settled_by_whose_the_object_is(HttpStatusCode status, string code, bool afterEffect)
    {
        using var storage = await OpenAsync(retriesOfTheSdk: 1);
        var first = true;
        _http.OnSend = async (request, send) =>
        {
            if (!FaultyHttp.IsPut(request) || !first)
            {
                return await send();
            }

            first = false;
            if (afterEffect)
            {
                (await send()).Dispose();
            }

            return FaultyHttp.Answer(status, code);
        };

        var state = await storage.WriteAsync(Key, [1, 2, 3], Token);

        (await storage.ReadAllBytesAsync(state, Token)).Should().Equal(1, 2, 3);
    }

    [Fact]
    public async Task A_refusal_because_of_another_s_object_stays_a_refusal()
    {
        using var storage = await OpenAsync(retriesOfTheSdk: 2);
        await storage.WriteAsync(Key, [1], Token);

        var exception = await Failing.AssertAsync(StateStorageFailure.AlreadyExists, () => storage.WriteAsync(Key, [1], Token), "Use a new key");

        exception.InnerException.Should().BeOfType<AmazonS3Exception>();
    }

    [Fact]
    public async Task A_refusal_that_can_t_be_settled_has_an_unknown_outcome()
    {
        using var storage = await OpenAsync(retriesOfTheSdk: 2);
        await storage.WriteAsync(Key, [1], Token);
        _http.OnSend = (request, send) => request.Method == HttpMethod.Get ? Task.FromResult(FaultyHttp.Answer(HttpStatusCode.Forbidden, "AccessDenied")) : send();

        await Failing.AssertAsync(StateStorageFailure.AlreadyExists, () => storage.WriteAsync(Key, [1], Token), "It may have taken effect", isOutcomeUnknown: true);
    }

    [Fact]
    public async Task A_put_that_timed_out_may_still_land()
    {
        await using var server = await RealS3Server.StartAsync();
        using var client = server.CreateClient(config => config.MaxErrorRetry = 0);
        var options = server.Options();
        options.RequestTimeout = TimeSpan.FromSeconds(1);
        using var storage = new S3StateStorage(options, client);
        server.PauseStore();

        await Failing.AssertAsync(StateStorageFailure.Timeout, () => storage.WriteAsync(Key, [1, 2, 3], Token), "use another key for the next attempt", isOutcomeUnknown: true);

        server.ResumeStore();
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (!await storage.ListAsync(cancellationToken: Token).AnyAsync(Token))
        {
            await tick.WaitForNextTickAsync(Token);
        }
    }

    [Fact]
    public async Task A_server_that_never_answers_is_a_timeout_though_the_sdk_would_wait_for_weeks()
    {
        (new AmazonS3Config().Timeout is null || new AmazonS3Config().Timeout > TimeSpan.FromDays(20)).Should().BeTrue();
        using var silent = new RawServer(_ => Task.Delay(Timeout.Infinite, Token));
        var server = await shared.GetAsync();
        using var client = server.CreateClient(config => config.MaxErrorRetry = 1, silent.Endpoint);
        var options = server.Options();
        options.RequestTimeout = TimeSpan.FromMilliseconds(300);
        using var storage = new S3StateStorage(options, client);

        await Failing.AssertAsync(StateStorageFailure.Timeout, () => storage.WriteAsync(Key, [1], Token), "RequestTimeout", isOutcomeUnknown: true);
        await Failing.AssertAsync(StateStorageFailure.Timeout, () => storage.WriteAsync(Key, Large, Token), "RequestTimeout");
        await Failing.AssertAsync(StateStorageFailure.Timeout, () => storage.OpenReadAsync(Key, Token), "RequestTimeout");
        await Failing.AssertAsync(StateStorageFailure.Timeout, async () => await storage.ListAsync(cancellationToken: Token).ToListAsync(Token), "RequestTimeout");
        await Failing.AssertAsync(StateStorageFailure.Timeout, () => storage.DeleteAsync(Key, Token), "RequestTimeout");
    }

    [Fact]
    public async Task Large_data_under_a_taken_key_is_refused_before_it_is_sent_on_servers_that_ignore_the_condition_too()
    {
        using var storage = await OpenAsync(retriesOfTheSdk: 2);
        await storage.WriteAsync(Key, [1], Token);

        await Failing.AssertAsync(StateStorageFailure.AlreadyExists, () => storage.WriteAsync(Key, Large, Token), "Use a new key");

        _http.Log.Should().NotContain(line => line.StartsWith("POST", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_race_of_large_writes_of_one_key_has_one_winner_only_where_the_server_heeds_the_condition_on_completion()
    {
        var server = await shared.GetAsync();
        using var storage = await OpenAsync(retriesOfTheSdk: 2);
        var raced = false;
        _http.OnSend = async (request, send) =>
        {
            if (FaultyHttp.IsCompletion(request) && !raced)
            {
                raced = true;
                await storage.WriteAsync(Key, [1], Token);
            }

            return await send();
        };
        var write = await Record.ExceptionAsync(() => storage.WriteAsync(Key, Large, Token));

        // Ceph 18 replaces what another has written: this is why every write takes a new key.
        var size = (await storage.ListAsync(cancellationToken: Token).SingleAsync(Token)).Size;
        if (server.Version.StartsWith("18.", StringComparison.Ordinal))
        {
            (write, size).Should().Be((null, Large.Length));
        }
        else
        {
            (write.Should().BeOfType<StateStorageException>().Which.Failure, size).Should().Be((StateStorageFailure.AlreadyExists, 1));
        }
    }

    [Fact]
    public async Task A_missing_bucket_is_never_taken_for_missing_data()
    {
        var server = await shared.GetAsync();
        using var client = server.CreateClient();
        using var storage = new S3StateStorage(new S3StateStorageOptions { BucketName = "no-such-bucket" }, client);

        await Failing.AssertAsync(StateStorageFailure.StorageMissing, () => storage.OpenReadAsync(Key, Token), "no-such-bucket");
        await Failing.AssertAsync(StateStorageFailure.StorageMissing, () => storage.DeleteAsync(Key, Token), "Create it");
        await Failing.AssertAsync(StateStorageFailure.StorageMissing, () => storage.WriteAsync(Key, [1], Token), "Create it");
        await Failing.AssertAsync(StateStorageFailure.StorageMissing, () => storage.WriteAsync(Key, Large, Token), "Create it");
        await Failing.AssertAsync(StateStorageFailure.StorageMissing, async () => await storage.ListAsync(cancellationToken: Token).ToListAsync(Token), "Create it");
    }

    private void LoseFirstAnswer(Func<HttpRequestMessage, bool> isIt)
    {
        var first = true;
        _http.OnSend = async (request, send) =>
        {
            var answer = await send();
            if (!isIt(request) || !first)
            {
                return answer;
            }

            first = false;
            answer.IsSuccessStatusCode.Should().BeTrue();
            answer.Dispose();
            throw new HttpRequestException("the answer was lost");
        };
    }

    private async Task<S3StateStorage> OpenAsync(int retriesOfTheSdk)
    {
        var server = await shared.GetAsync();
        return new S3StateStorage(server.Options(), server.CreateClient(config => (config.HttpClientFactory, config.MaxErrorRetry) = (_http, retriesOfTheSdk)));
    }
}
