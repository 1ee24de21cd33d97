using Amazon.Runtime;
using Amazon.S3.Model;

namespace Flink.Kubernetes.HA.Storage.Tests.S3;

/// <summary>What buckets and servers demand, or do not know: an option for each, and an error that names it in the server's words.</summary>
public sealed class S3DialectTests(S3ServerFixture shared)
{
    private const string Key32 = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
    private static readonly StateKey Key = new("cluster/a");
    private readonly FaultyHttp _http = new();
    private readonly List<HttpRequestMessage> _sent = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(501, "NotImplemented", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD not implemented", StateStorageFailure.Unsupported, "Set PayloadSigning to Whole")]
    [InlineData(501, "NotImplemented", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER not implemented", StateStorageFailure.Unsupported, "Set Checksums to WhenRequired")]
    [InlineData(501, "NotImplemented", "A header you provided implies functionality that is not implemented", StateStorageFailure.Unsupported, "if it does not know If-None-Match")]
    [InlineData(501, "NotImplemented", "If-None-Match is not implemented", StateStorageFailure.Unsupported, "use another server")]
    [InlineData(400, "InvalidArgument", "Unsupported header 'x-amz-sdk-checksum-algorithm' received for this API call.", StateStorageFailure.Unsupported, "Set Checksums to WhenRequired")]
    [InlineData(411, "MissingContentLength", "You must provide the Content-Length HTTP header.", StateStorageFailure.Unsupported, "Set PayloadSigning to Whole")]
    [InlineData(400, "XAmzContentSHA256Mismatch", "The provided header does not match what was computed.", StateStorageFailure.Unavailable, "set PayloadSigning to Whole")]
    [InlineData(403, "AccessDenied", "User: arn:aws:sts::111122223333:assumed-role/x/pod is not authorized with an explicit deny in a resource-based policy", StateStorageFailure.AccessDenied, "set Encryption, KmsKeyId or StorageClass")]
    [InlineData(400, "KMS.NotFoundException", "Key 'arn:aws:kms:x' does not exist", StateStorageFailure.AccessDenied, "correct KmsKeyId")]
    [InlineData(400, "InvalidStorageClass", "The storage class you specified is not valid", StateStorageFailure.Unsupported, "Correct StorageClass")]
    [InlineData(400, "InvalidRequest", "The object was stored using a form of Server Side Encryption.", StateStorageFailure.AccessDenied, "Set Encryption")]
    [InlineData(400, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size", StateStorageFailure.Unsupported, "Increase PartSize")]
    [InlineData(418, "Teapot", "as no other server says it", StateStorageFailure.Other, "the server refused the request")]
    public async Task An_error_of_a_write_names_the_option_and_keeps_the_server_s_words(int status, string code, string words, StateStorageFailure expected, string advice)
    {
        using var storage = Scripted(status, code, words);

        var exception = await Failing.AssertAsync(expected, () => storage.WriteAsync(Key, [1], Token), advice);

        exception.Message.Should().Contain($"'{status} {code}: {words.TrimEnd('.')} (request id r-4711)'");
    }

    [Theory]
    [InlineData(501, "NotImplemented", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD not implemented")]
    [InlineData(501, "NotImplemented", "A header you provided implies functionality that is not implemented")]
    public async Task If_None_Match_is_not_blamed_for_what_it_did_not_cause(int status, string code, string words)
    {
        using var storage = Scripted(status, code, words);

        var write = await Record.ExceptionAsync(() => storage.WriteAsync(Key, [1], Token));
        var list = await Record.ExceptionAsync(async () => await storage.ListAsync(cancellationToken: Token).ToListAsync(Token));

        write!.Message.Contains("If-None-Match", StringComparison.Ordinal).Should().Be(!words.StartsWith("STREAMING", StringComparison.Ordinal));
        list!.Message.Should().NotContain("If-None-Match");
    }

    [Theory]
    [InlineData(S3PayloadSigning.Chunked, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD")]
    [InlineData(S3PayloadSigning.Whole, "[0-9a-f]{64}")]
    public async Task Payload_signing_and_checksums_are_as_chosen_for_small_and_large_data(S3PayloadSigning signing, string hash)
    {
        foreach (var checksums in new[] { S3Checksums.WhenSupported, S3Checksums.WhenRequired })
        {
            _sent.Clear();
            using var storage = await RealAsync(
                options => options.PayloadSigning = signing,
                config => (config.RequestChecksumCalculation, config.ResponseChecksumValidation) = checksums == S3Checksums.WhenRequired
                    ? (RequestChecksumCalculation.WHEN_REQUIRED, ResponseChecksumValidation.WHEN_REQUIRED)
                    : (RequestChecksumCalculation.WHEN_SUPPORTED, ResponseChecksumValidation.WHEN_SUPPORTED));
            foreach (var size in new[] { 10, 12 << 20 })
            {
                var state = await storage.WriteAsync(new StateKey($"k{size}"), new byte[size], Token);
                (await storage.ReadAllBytesAsync(state, Token)).Should().HaveCount(size);
            }

            var bodies = _sent.Where(request => request.Method == HttpMethod.Put).ToList();
            bodies.Should().HaveCount(3).And.OnlyContain(request => System.Text.RegularExpressions.Regex.IsMatch(Header(request, "x-amz-content-sha256"), $"^{hash}"));
            _sent.Any(request => request.Headers.Concat(request.Content?.Headers.AsEnumerable() ?? []).Any(header => header.Key.Contains("checksum", StringComparison.OrdinalIgnoreCase) || header.Key == "x-amz-trailer"))
                .Should().Be(checksums == S3Checksums.WhenSupported);
        }
    }

    [Theory]
    [InlineData(S3EncryptionMode.S3Managed, "AES256")]
    [InlineData(S3EncryptionMode.Kms, "aws:kms")]
    [InlineData(S3EncryptionMode.KmsDualLayer, "aws:kms:dsse")]
    [InlineData(S3EncryptionMode.CustomerKey, "AES256")]
    public async Task Encryption_owner_and_class_are_in_every_request_that_needs_them(S3EncryptionMode encryption, string expected)
    {
        var isKms = encryption is S3EncryptionMode.Kms or S3EncryptionMode.KmsDualLayer;
        var options = new S3StateStorageOptions
        {
            BucketName = "flink-ha", Encryption = encryption, ExpectedBucketOwner = "111122223333", StorageClass = "INTELLIGENT_TIERING",
            KmsKeyId = isKms ? "alias/ha" : null,
            KmsEncryptionContext = isKms ? new Dictionary<string, string> { ["team"] = "\u00E4" } : null,
            CustomerKey = encryption == S3EncryptionMode.CustomerKey ? Key32 : null,
        };
        using var storage = Answering(options, HttpStatusCode.OK, string.Empty, "https://127.0.0.1:9");

        await storage.WriteAsync(Key, [1], Token);
        await using (await storage.OpenReadAsync(Key, Token))
        {
        }

        await storage.DeleteAsync(Key, Token);

        _sent.Should().OnlyContain(request => Header(request, "x-amz-expected-bucket-owner") == "111122223333");
        var put = _sent.First(request => request.Method == HttpMethod.Put);
        Header(put, "x-amz-storage-class").Should().Be("INTELLIGENT_TIERING");
        if (encryption == S3EncryptionMode.CustomerKey)
        {
            _sent.Where(request => request.Method != HttpMethod.Delete).Should().OnlyContain(
                request => Header(request, "x-amz-server-side-encryption-customer-key") == Key32 && Header(request, "x-amz-server-side-encryption-customer-algorithm") == expected);
            return;
        }

        Header(put, "x-amz-server-side-encryption").Should().Be(expected);
        Header(put, "x-amz-server-side-encryption-aws-kms-key-id").Should().Be(isKms ? "alias/ha" : string.Empty);
        Encoding.UTF8.GetString(Convert.FromBase64String(Header(put, "x-amz-server-side-encryption-context"))).Should().Be(isKms ? "{\"team\":\"\\u00E4\"}" : string.Empty);
    }

    [Fact]
    public async Task A_policy_that_demands_encryption_is_met_by_the_option_on_a_real_server()
    {
        var server = await shared.GetAsync();
        using var client = server.CreateClient();
        var bucket = $"encrypted-{Guid.NewGuid():N}"[..30];
        await client.PutBucketAsync(bucket, Token);
        await client.PutBucketPolicyAsync(new PutBucketPolicyRequest { BucketName = bucket, Policy = Policy.Replace("BUCKET", bucket, StringComparison.Ordinal) }, Token);
        using var without = new S3StateStorage(new() { BucketName = bucket }, client);
        using var with = new S3StateStorage(new() { BucketName = bucket, Encryption = S3EncryptionMode.S3Managed }, client);

        var denied = await Failing.AssertAsync(StateStorageFailure.AccessDenied, () => without.WriteAsync(Key, [1], Token), "set Encryption");
        denied.Message.Should().Contain("403 AccessDenied");

        // What the policy lets through is no longer refused by it: this server has no key to encrypt with, and says so.
        var answer = await Record.ExceptionAsync(() => with.WriteAsync(Key, [1], Token));
        (answer?.Message ?? string.Empty).Should().NotContain("AccessDenied");
    }

    [Theory]
    [InlineData("ServiceUrl")]
    [InlineData("Region")]
    [InlineData("ForcePathStyle")]
    [InlineData("MaxRetries")]
    [InlineData("Checksums")]
    public void Options_that_a_client_of_ones_own_makes_meaningless_are_refused(string name)
    {
        var options = new S3StateStorageOptions { BucketName = "b" };
        var (_, set) = new Dictionary<string, Action>
        {
            ["ServiceUrl"] = () => options.ServiceUrl = "https://s3.example.com",
            ["Region"] = () => options.Region = "eu-central-1",
            ["ForcePathStyle"] = () => options.ForcePathStyle = false,
            ["MaxRetries"] = () => options.MaxRetries = 4,
            ["Checksums"] = () => options.Checksums = S3Checksums.WhenRequired,
        }.Single(item => item.Key == name);
        set();
        using var client = Client("http://127.0.0.1:9");

        Invoking(() => new S3StateStorage(options, client)).Should().ThrowExactly<ArgumentException>().Which.Message.Should().Contain(name).And.Contain("AmazonS3Config");
    }

    [Theory]
    [InlineData(S3EncryptionMode.BucketDefault, "alias/x", null, null, "set Encryption to Kms")]
    [InlineData(S3EncryptionMode.CustomerKey, null, null, null, "must be set together")]
    [InlineData(S3EncryptionMode.Kms, null, Key32, null, "must be set together")]
    [InlineData(S3EncryptionMode.CustomerKey, null, "c2hvcnQ=", null, "32 bytes")]
    [InlineData(S3EncryptionMode.BucketDefault, null, null, "1234", "12 digits")]
    public void Options_that_do_not_fit_are_refused_without_the_key_in_the_message(S3EncryptionMode encryption, string? kms, string? key, string? owner, string advice)
    {
        var options = new S3StateStorageOptions { BucketName = "b", Encryption = encryption, KmsKeyId = kms, CustomerKey = key, ExpectedBucketOwner = owner };

        var message = Invoking(() => new S3StateStorage(options)).Should().ThrowExactly<ArgumentException>().Which.Message;

        message.Should().Contain(advice);
        message.Contains(key ?? "(no key)", StringComparison.Ordinal).Should().BeFalse();
    }

    private const string Policy = """
        {"Version":"2012-10-17","Statement":[
         {"Sid":"NoHeader","Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::BUCKET/*","Condition":{"Null":{"s3:x-amz-server-side-encryption":"true"}}}]}
        """;

    private static string Header(HttpRequestMessage request, string name) =>
        request.Headers.TryGetValues(name, out var values) || request.Content?.Headers.TryGetValues(name, out values) == true ? values.Single() : string.Empty;

    private S3StateStorage Scripted(int status, string code, string words) => Answering(
        new S3StateStorageOptions { BucketName = "flink-ha" },
        (HttpStatusCode)status,
        $"<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>{words}</Message><RequestId>r-4711</RequestId></Error>");

    private S3StateStorage Answering(S3StateStorageOptions options, HttpStatusCode status, string body, string endpoint = "http://127.0.0.1:9")
    {
        // What a write asks before it is told to repeat itself: nothing is there.
        const string None = "<?xml version=\"1.0\"?><Error><Code>NoSuchKey</Code><Message>none</Message></Error>";
        _http.OnSend = (request, _) =>
        {
            _sent.Add(request);
            var isRead = request.Method == HttpMethod.Get && request.Headers.Range is not null;
            return Task.FromResult(new HttpResponseMessage(isRead ? HttpStatusCode.NotFound : status) { Content = new StringContent(isRead ? None : body, Encoding.UTF8, "application/xml") });
        };
        return new S3StateStorage(options, Client(endpoint));
    }

    private async Task<S3StateStorage> RealAsync(Action<S3StateStorageOptions> configure, Action<AmazonS3Config> client)
    {
        var server = await shared.GetAsync();
        var options = server.Options();
        configure(options);
        _http.OnSend = (request, send) =>
        {
            lock (_sent)
            {
                _sent.Add(request);
            }

            return send();
        };
        return new S3StateStorage(options, server.CreateClient(config =>
        {
            config.HttpClientFactory = _http;
            client(config);
        }));
    }

    private AmazonS3Client Client(string endpoint) => new(
        new BasicAWSCredentials("access", "secret"),
        new AmazonS3Config { ServiceURL = endpoint, ForcePathStyle = true, AuthenticationRegion = "us-east-1", MaxErrorRetry = 0, HttpClientFactory = _http });
}
