namespace Flink.Kubernetes.HA.Storage.Tests.S3;

/// <summary>What goes wrong with S3: each has a name and says what to do.</summary>
public sealed class S3FailureTests(S3ServerFixture shared)
{
    private static readonly StateKey Key = new("cluster/a");
    private static readonly byte[] Large = new byte[12 << 20];
    private readonly FaultyHttp _http = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Wrong_credentials_are_AccessDenied()
    {
        var server = await shared.GetAsync();
        using var client = server.CreateClient(secret: "wrong");
        using var storage = new S3StateStorage(server.Options(), client);

        await AllAsync(storage, StateStorageFailure.AccessDenied, "Check access key, secret key and region");
    }

    [Theory]
    [InlineData(HttpStatusCode.Forbidden, "AccessDenied", StateStorageFailure.AccessDenied, "grant s3:GetObject")]
    [InlineData(HttpStatusCode.BadRequest, "ExpiredToken", StateStorageFailure.AccessDenied, "Renew them")]
    [InlineData(HttpStatusCode.ServiceUnavailable, "SlowDown", StateStorageFailure.Throttled, "spread the keys")]
    [InlineData(HttpStatusCode.BadRequest, "QuotaExceeded", StateStorageFailure.OutOfSpace, "raise the quota")]
    [InlineData(HttpStatusCode.MovedPermanently, "PermanentRedirect", StateStorageFailure.StorageMissing, "Region")]
    [InlineData(HttpStatusCode.NotImplemented, "NotImplemented", StateStorageFailure.Unsupported, "use another server")]
    public async Task A_refusal_has_a_name_and_the_outcome_is_known(HttpStatusCode status, string code, StateStorageFailure expected, string advice)
    {
        using var storage = await OpenAsync();
        _http.OnSend = (_, _) => Task.FromResult(FaultyHttp.Answer(status, code));

        await AllAsync(storage, expected, advice);
    }

    [Fact]
    public async Task A_server_that_fails_is_Unavailable_and_what_became_of_a_write_is_unknown()
    {
        using var storage = await OpenAsync();
        _http.OnSend = (_, _) => Task.FromResult(FaultyHttp.Answer(HttpStatusCode.InternalServerError, "InternalError"));

        await Failing.AssertAsync(StateStorageFailure.Unavailable, () => storage.WriteAsync(Key, [1], Token), "500 InternalError", isOutcomeUnknown: true);
        await Failing.AssertAsync(StateStorageFailure.Unavailable, () => storage.OpenReadAsync(Key, Token), "Check its log");
    }

    [Fact]
    public async Task A_slow_down_that_passes_is_not_noticed()
    {
        using var storage = await OpenAsync(retries: 3);
        var answers = 0;
        _http.OnSend = (_, send) => Interlocked.Increment(ref answers) % 2 == 1 ? Task.FromResult(FaultyHttp.Answer(HttpStatusCode.ServiceUnavailable, "SlowDown")) : send();

        var state = await storage.WriteAsync(Key, [1, 2], Token);

        (await storage.ReadAllBytesAsync(state, Token)).Should().Equal(1, 2);
    }

    [Fact]
    public async Task A_connection_that_breaks_in_the_middle_of_a_put_leaves_the_outcome_open()
    {
        using var broken = new RawServer(async stream =>
        {
            var first = new byte[1];
            await stream.ReadExactlyAsync(first, Token);
            if (first[0] == 'P')
            {
                await stream.ReadExactlyAsync(new byte[100_000], Token);
            }
        });
        using var storage = await OpenAsync(endpoint: broken.Endpoint);

        await Failing.AssertAsync(StateStorageFailure.Unavailable, () => storage.WriteAsync(Key, new byte[4 << 20], Token), "the connection was broken", isOutcomeUnknown: true);
        broken.Connections.Should().BeGreaterThan(1, "the write is tried again");
    }

    [Fact]
    public async Task A_connection_that_breaks_in_the_middle_of_a_part_leaves_nothing_behind()
    {
        using var storage = await OpenAsync();
        _http.OnSend = (request, send) => FaultyHttp.IsPart(request) ? throw new HttpRequestException("broken", new IOException("Broken pipe")) : send();

        await Failing.AssertAsync(StateStorageFailure.Unavailable, () => storage.WriteAsync(Key, Large, Token), "Broken pipe");

        _http.Log.Should().Contain(line => line == "DELETE ?uploadId 204");
        (await storage.RemoveUnfinishedWritesAsync("", TimeSpan.Zero, Token)).Should().Be(0);
        (await storage.DeleteAsync(Key, Token)).Should().BeFalse();
    }

    [Fact]
    public async Task A_part_that_breaks_once_is_sent_again()
    {
        using var storage = await OpenAsync(retries: 2);
        var breaks = 1;
        _http.OnSend = (request, send) => FaultyHttp.IsPart(request) && Interlocked.Decrement(ref breaks) == 0 ? throw new HttpRequestException("broken") : send();

        var state = await storage.WriteAsync(Key, Large, Token);

        (await storage.ReadAllBytesAsync(state, Token)).Should().Equal(Large);
    }

    [Fact]
    public async Task A_truncated_body_never_passes_for_the_whole()
    {
        using var truncating = new RawServer(async stream =>
        {
            await ReadRequestAsync(stream);
            await stream.WriteAsync(Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + new string('x', 50_000)), Token);
        });
        using var storage = await OpenAsync(endpoint: truncating.Endpoint);
        await using var stream = await storage.OpenReadAsync(Key, Token);

        await Failing.AssertAsync(StateStorageFailure.Unavailable, () => stream.CopyToAsync(Stream.Null, Token), "retry");
    }

    [Fact]
    public async Task A_body_that_stands_still_is_a_timeout()
    {
        using var stalling = new RawServer(async stream =>
        {
            await ReadRequestAsync(stream);
            await stream.WriteAsync(Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + new string('x', 50_000)), Token);
            await Task.Delay(Timeout.Infinite, Token);
        });
        using var storage = await OpenAsync(endpoint: stalling.Endpoint, timeout: TimeSpan.FromMilliseconds(500));
        await using var stream = await storage.OpenReadAsync(Key, Token);

        await Failing.AssertAsync(StateStorageFailure.Timeout, () => stream.CopyToAsync(Stream.Null, Token), "RequestTimeout");
    }

    [Fact]
    public async Task An_upload_that_a_crash_left_is_removed_when_it_is_old()
    {
        var server = await shared.GetAsync();
        using var client = server.CreateClient();
        var options = server.Options();
        using var storage = new S3StateStorage(options, client);
        var upload = await client.InitiateMultipartUploadAsync(options.BucketName, $"{options.KeyPrefix}/cluster/a", Token);
        await client.UploadPartAsync(new() { BucketName = options.BucketName, Key = upload.Key, UploadId = upload.UploadId, PartNumber = 1, InputStream = new MemoryStream(new byte[5 << 20]) }, Token);

        (await storage.ListAsync(cancellationToken: Token).ToListAsync(Token)).Should().BeEmpty();
        (await storage.RemoveUnfinishedWritesAsync("", TimeSpan.FromHours(1), Token)).Should().Be(0);

        using var later = new S3StateStorage(options, client, new Flink.Kubernetes.HA.Testing.ManualTimeProvider(DateTimeOffset.UtcNow.AddHours(2)));
        (await later.RemoveUnfinishedWritesAsync("other/", TimeSpan.FromHours(1), Token)).Should().Be(0);
        (await later.RemoveUnfinishedWritesAsync("cluster/", TimeSpan.FromHours(1), Token)).Should().Be(1);
        (await later.RemoveUnfinishedWritesAsync("", TimeSpan.FromHours(1), Token)).Should().Be(0);
    }

    [Fact]
    public async Task A_server_that_is_down_is_Unavailable_and_comes_back()
    {
        await using var server = await RealS3Server.StartAsync();
        using var client = server.CreateClient(config => config.MaxErrorRetry = 0);
        var options = server.Options();
        using var storage = new S3StateStorage(options, client);
        var state = await storage.WriteAsync(Key, [1, 2], Token);
        await server.KillAsync();

        await Failing.AssertAsync(StateStorageFailure.Unavailable, () => storage.OpenReadAsync(Key, Token), "Check the server");
        await server.RestartAsync();

        (await storage.ReadAllBytesAsync(state, Token)).Should().Equal(1, 2);
    }

    private static async Task AllAsync(S3StateStorage storage, StateStorageFailure expected, string advice)
    {
        await Failing.AssertAsync(expected, () => storage.WriteAsync(Key, [1], Token), advice);
        await Failing.AssertAsync(expected, () => storage.WriteAsync(Key, Large, Token), advice);
        await Failing.AssertAsync(expected, () => storage.OpenReadAsync(Key, Token), advice);
        await Failing.AssertAsync(expected, () => storage.DeleteAsync(Key, Token), advice);
        await Failing.AssertAsync(expected, async () => await storage.ListAsync(cancellationToken: Token).ToListAsync(Token), advice);
        await Failing.AssertAsync(expected, () => storage.RemoveUnfinishedWritesAsync("", TimeSpan.Zero, Token), advice);
    }

    private static async Task ReadRequestAsync(Stream stream)
    {
        var text = new StringBuilder();
        var buffer = new byte[4096];
        while (!text.ToString().Contains("\r\n\r\n", StringComparison.Ordinal) && await stream.ReadAsync(buffer, Token) is > 0 and var count)
        {
            text.Append(Encoding.ASCII.GetString(buffer, 0, count));
        }
    }

    private async Task<S3StateStorage> OpenAsync(int retries = 1, string? endpoint = null, TimeSpan? timeout = null)
    {
        var server = await shared.GetAsync();
        var options = server.Options();
        options.RequestTimeout = timeout ?? TimeSpan.FromSeconds(20);
        return new S3StateStorage(options, server.CreateClient(config => (config.HttpClientFactory, config.MaxErrorRetry) = (_http, retries), endpoint));
    }
}
