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

    /// <summary>The number of retries of a request where that is harmless; 0 for none. For reads and parts it applies only if no client
    /// was passed in.</summary>
    /// <value>Default: 4.</value>
    public int MaxRetries { get; set; } = 4;

    /// <summary>The size of the parts in which large data is sent, in bytes; smaller data is sent in one request.</summary>
    /// <value>Default: 8 MiB, which allows 80 GB. S3 accepts parts of 5 MiB to 5 GiB, and 10,000 parts.</value>
    public int PartSize { get; set; } = (int)(8 * OneMebibyte);

    /// <summary>The number of parts that are sent concurrently; each occupies <see cref="PartSize"/> bytes of memory.</summary>
    /// <value>Default: 4.</value>
    public int UploadConcurrency { get; set; } = 4;

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
            : null;
    }

    /// <summary>Validates the values and returns a copy.</summary>
    internal S3StateStorageOptions Snapshot() =>
        Problem() is { } problem ? throw new ArgumentException(problem) : (S3StateStorageOptions)MemberwiseClone();
}
