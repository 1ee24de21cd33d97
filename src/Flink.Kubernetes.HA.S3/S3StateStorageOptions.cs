namespace Flink.Kubernetes.HA.S3;

/// <summary>The options of an <see cref="S3StateStorage"/>.</summary>
public sealed class S3StateStorageOptions
{
    private const long OneMebibyte = 1 << 20;

    /// <summary>The bucket; it must exist.</summary>
    /// <value>Required.</value>
    public string BucketName { get; set; } = string.Empty;

    /// <summary>The folder of all data in the bucket, such as <c>ha/orders</c>.</summary>
    /// <value>Default: empty, the bucket itself. At most 200 bytes, in the format of a key.</value>
    public string KeyPrefix { get; set; } = string.Empty;

    /// <summary>The address of a server other than AWS, such as <c>https://s3.example.com</c>.</summary>
    /// <value>Default: <see langword="null"/>, AWS in <see cref="Region"/>.</value>
    public string? ServiceUrl { get; set; }

    /// <summary>The region of the bucket, also for signatures.</summary>
    /// <value>Default: <see langword="null"/>, the one that the AWS SDK finds in the environment; with <see cref="ServiceUrl"/>,
    /// <c>us-east-1</c>.</value>
    public string? Region { get; set; }

    /// <summary>Whether the bucket is in the path of the URL instead of the host name.</summary>
    /// <value>Default: <see langword="null"/>, which means true if <see cref="ServiceUrl"/> is set.</value>
    public bool? ForcePathStyle { get; set; }

    /// <summary>
    /// The time limit of one request, including the retries of the AWS SDK, and of one read from a stream. The SDK's own limit is 24.8 days.
    /// </summary>
    /// <value>Default: 60 seconds. At most an hour. Must be long enough to send one part.</value>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>The number of retries of a request where that is harmless; 0 for none.</summary>
    /// <value>Default: <see langword="null"/>, which means 4; with a client of your own, its <c>MaxErrorRetry</c>.</value>
    public int? MaxRetries { get; set; }

    /// <summary>The size of the parts in which large data is sent, in bytes; smaller data is sent in one request.</summary>
    /// <value>Default: 8 MiB, which allows 80 GB. S3 accepts parts of 5 MiB to 5 GiB, and 10,000 parts.</value>
    public int PartSize { get; set; } = (int)(8 * OneMebibyte);

    /// <summary>The number of parts that are sent concurrently; each occupies <see cref="PartSize"/> bytes of memory.</summary>
    /// <value>Default: 4.</value>
    public int UploadConcurrency { get; set; } = 4;

    /// <summary>How the data of a request is signed. Some servers know only <see cref="S3PayloadSigning.Whole"/>.</summary>
    /// <value>Default: <see cref="S3PayloadSigning.Chunked"/>.</value>
    public S3PayloadSigning PayloadSigning { get; set; }

    /// <summary>When the AWS SDK computes and verifies its checksums.</summary>
    /// <value>Default: <see langword="null"/>, what the AWS SDK finds in the environment, otherwise <see cref="S3Checksums.WhenSupported"/>; with a
    /// client of your own, what it is configured for.</value>
    public S3Checksums? Checksums { get; set; }

    /// <summary>How the server encrypts what is written; a policy of the bucket may demand it.</summary>
    /// <value>Default: <see cref="S3EncryptionMode.BucketDefault"/>.</value>
    public S3EncryptionMode Encryption { get; set; }

    /// <summary>The id, alias or ARN of the key of the Key Management Service, for <see cref="S3EncryptionMode.Kms"/> and
    /// <see cref="S3EncryptionMode.KmsDualLayer"/>.</summary>
    /// <value>Default: <see langword="null"/>, the key that AWS manages for S3.</value>
    public string? KmsKeyId { get; set; }

    /// <summary>The encryption context that policies of the key may test.</summary>
    /// <value>Default: <see langword="null"/>, none.</value>
    public IDictionary<string, string>? KmsEncryptionContext { get; set; }

    /// <summary>The key for <see cref="S3EncryptionMode.CustomerKey"/>: 32 bytes in Base64. Without it, data cannot be read.</summary>
    /// <value>Default: <see langword="null"/>.</value>
    public string? CustomerKey { get; set; }

    /// <summary>The AWS account that must own the bucket: 12 digits. A bucket of another account is refused by the server.</summary>
    /// <value>Default: <see langword="null"/>, which is not tested.</value>
    public string? ExpectedBucketOwner { get; set; }

    /// <summary>The storage class of what is written, such as <c>INTELLIGENT_TIERING</c>; data must stay readable at once.</summary>
    /// <value>Default: <see langword="null"/>, the one of the bucket.</value>
    public string? StorageClass { get; set; }

    /// <summary>The number of retries without a client of one's own.</summary>
    internal int Retries => MaxRetries ?? 4;

    /// <summary>The options that a client of one's own makes meaningless, but that are set.</summary>
    internal string? ProblemWithClient()
    {
        string[] set =
        [
            .. ServiceUrl is null ? Array.Empty<string>() : [nameof(ServiceUrl)],
            .. Region is null ? Array.Empty<string>() : [nameof(Region)],
            .. ForcePathStyle is null ? Array.Empty<string>() : [nameof(ForcePathStyle)],
            .. MaxRetries is null ? Array.Empty<string>() : [nameof(MaxRetries)],
            .. Checksums is null ? Array.Empty<string>() : [nameof(Checksums)],
        ];
        return set.Length == 0 ? null : $"{nameof(S3StateStorageOptions)}.{string.Join(", ", set)}: there is an IAmazonS3 of your own (in the container, or "
            + "passed in), and it is used with its own settings. Set these on its AmazonS3Config (ServiceURL, AuthenticationRegion, ForcePathStyle, "
            + "MaxErrorRetry, RequestChecksumCalculation) and not here, or remove the client.";
    }

    /// <summary>Returns what is wrong with the values, or <see langword="null"/>.</summary>
    internal string? Problem()
    {
        const string Me = nameof(S3StateStorageOptions) + ".";
        return string.IsNullOrWhiteSpace(BucketName) ? $"{Me}{nameof(BucketName)} is not set: specify an existing bucket."
            : KeyPrefix is null || KeyPrefix.Length > 200 || (KeyPrefix.Length > 0 && Storage.StateKey.TryCreate(KeyPrefix) is null)
                ? $"{Me}{nameof(KeyPrefix)} must have the format 'ha/orders', without a slash at either end, and at most 200 bytes, but is "
                    + $"'{KeyPrefix}'."
            : ServiceUrl is not null && !(Uri.TryCreate(ServiceUrl, UriKind.Absolute, out var url) && url.Scheme is "http" or "https")
                ? $"{Me}{nameof(ServiceUrl)} must be an address such as https://s3.example.com, but is '{ServiceUrl}'."
            : RequestTimeout <= TimeSpan.Zero || RequestTimeout > TimeSpan.FromHours(1)
                ? $"{Me}{nameof(RequestTimeout)} must be more than 0 and at most an hour, but is {RequestTimeout}."
            : MaxRetries is < 0 or > 100 ? $"{Me}{nameof(MaxRetries)} must be between 0 and 100, but is {MaxRetries}."
            : PartSize < 5 * OneMebibyte ? $"{Me}{nameof(PartSize)} must be at least {5 * OneMebibyte} (5 MiB), but is {PartSize}."
            : UploadConcurrency is < 1 or > 100 ? $"{Me}{nameof(UploadConcurrency)} must be between 1 and 100, but is {UploadConcurrency}."
            : EncryptionProblem() is { } encryption ? Me + encryption
            : ExpectedBucketOwner is not null && (ExpectedBucketOwner.Length != 12 || !ExpectedBucketOwner.All(char.IsAsciiDigit))
                ? $"{Me}{nameof(ExpectedBucketOwner)} must be an account of 12 digits, but is '{ExpectedBucketOwner}'."
            : null;
    }

    /// <summary>Validates the values and returns a copy.</summary>
    internal S3StateStorageOptions Snapshot()
    {
        if (Problem() is { } problem)
        {
            throw new ArgumentException(problem);
        }

        var copy = (S3StateStorageOptions)MemberwiseClone();
        copy.KmsEncryptionContext = KmsEncryptionContext is null ? null : new Dictionary<string, string>(KmsEncryptionContext);
        return copy;
    }

    // Never with the key in it.
    private string? EncryptionProblem()
    {
        var isKms = Encryption is S3EncryptionMode.Kms or S3EncryptionMode.KmsDualLayer;
        return !isKms && (KmsKeyId is not null || KmsEncryptionContext is { Count: > 0 })
                ? $"{nameof(KmsKeyId)} or {nameof(KmsEncryptionContext)} is set: set {nameof(Encryption)} to {nameof(S3EncryptionMode.Kms)} too."
            : (Encryption == S3EncryptionMode.CustomerKey) != (CustomerKey is not null)
                ? $"{nameof(CustomerKey)} and {nameof(Encryption)} = {nameof(S3EncryptionMode.CustomerKey)} must be set together."
            : CustomerKey is not null && !(Convert.TryFromBase64String(CustomerKey, new byte[CustomerKey.Length], out var length) && length == 32)
                ? $"{nameof(CustomerKey)} must be 32 bytes in Base64."
            : null;
    }
}
