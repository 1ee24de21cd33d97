namespace Flink.Kubernetes.HA.AzureBlob;

/// <summary>The options of an <see cref="AzureBlobStateStorage"/>.</summary>
/// <remarks>The address is either a <see cref="ConnectionString"/> or a <see cref="ServiceUri"/>.</remarks>
public sealed class AzureBlobStateStorageOptions
{
    private const int OneMebibyte = 1 << 20;

    /// <summary>The container; it must exist.</summary>
    /// <value>Required.</value>
    public string ContainerName { get; set; } = string.Empty;

    /// <summary>The folder of all data in the container, such as <c>ha/orders</c>.</summary>
    /// <value>Default: empty, the container itself. At most 200 bytes, in the format of a key.</value>
    public string KeyPrefix { get; set; } = string.Empty;

    /// <summary>The connection string of the account, with its key or a shared access signature.</summary>
    /// <value>Default: <see langword="null"/>.</value>
    public string? ConnectionString { get; set; }

    /// <summary>The address of the blob service, such as <c>https://account.blob.core.windows.net</c>; with a shared access signature as its query, or
    /// with a <c>TokenCredential</c> in the container of services.</summary>
    /// <value>Default: <see langword="null"/>.</value>
    public string? ServiceUri { get; set; }

    /// <summary>The time limit of one request, including the retries of the Azure SDK, and of one read from a stream.</summary>
    /// <value>Default: 60 seconds. At most an hour. Must be long enough to send one block.</value>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>The number of retries of a request where that is harmless; 0 for none. With a client of your own, it applies to writes only.</summary>
    /// <value>Default: 4.</value>
    public int MaxRetries { get; set; } = 4;

    /// <summary>The size of the blocks in which large data is sent, in bytes; smaller data is sent in one request.</summary>
    /// <value>Default: 8 MiB, which allows 400 GB. At least 1 MiB, at most 1 GiB; Azure accepts 50,000 blocks.</value>
    public int BlockSize { get; set; } = 8 * OneMebibyte;

    /// <summary>The number of blocks that are sent concurrently; each occupies <see cref="BlockSize"/> bytes of memory.</summary>
    /// <value>Default: 4.</value>
    public int UploadConcurrency { get; set; } = 4;

    /// <summary>Returns what is wrong with the values, or <see langword="null"/>.</summary>
    internal string? Problem(bool hasClient)
    {
        const string Me = nameof(AzureBlobStateStorageOptions) + ".";
        var addresses = (ConnectionString is null ? 0 : 1) + (ServiceUri is null ? 0 : 1);
        return hasClient && (addresses > 0 || ContainerName.Length > 0)
                ? $"{Me}{nameof(ContainerName)}, {nameof(ConnectionString)} and {nameof(ServiceUri)} must not be set: there is a BlobContainerClient of your own "
                    + "(in the container of services, or passed in), and it has its own address. Remove them, or the client."
            : !hasClient && string.IsNullOrWhiteSpace(ContainerName) ? $"{Me}{nameof(ContainerName)} is not set: specify an existing container."
            : !hasClient && addresses != 1 ? $"{Me}{nameof(ConnectionString)} or {nameof(ServiceUri)} must be set, and not both."
            : ServiceUri is not null && !(Uri.TryCreate(ServiceUri, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https")
                ? $"{Me}{nameof(ServiceUri)} must be an address such as https://account.blob.core.windows.net."
            : KeyPrefix is null || KeyPrefix.Length > 200 || (KeyPrefix.Length > 0 && Storage.StateKey.TryCreate(KeyPrefix) is null)
                ? $"{Me}{nameof(KeyPrefix)} must have the format 'ha/orders', without a slash at either end, and at most 200 bytes, but is "
                    + $"'{KeyPrefix}'."
            : RequestTimeout <= TimeSpan.Zero || RequestTimeout > TimeSpan.FromHours(1)
                ? $"{Me}{nameof(RequestTimeout)} must be more than 0 and at most an hour, but is {RequestTimeout}."
            : MaxRetries is < 0 or > 100 ? $"{Me}{nameof(MaxRetries)} must be between 0 and 100, but is {MaxRetries}."
            : BlockSize is < OneMebibyte or > 1024 * OneMebibyte ? $"{Me}{nameof(BlockSize)} must be between 1 MiB and 1 GiB, but is {BlockSize}."
            : UploadConcurrency is < 1 or > 100 ? $"{Me}{nameof(UploadConcurrency)} must be between 1 and 100, but is {UploadConcurrency}."
            : null;
    }

    /// <summary>Validates the values and returns a copy.</summary>
    internal AzureBlobStateStorageOptions Snapshot(bool hasClient) =>
        Problem(hasClient) is { } problem ? throw new ArgumentException(problem) : (AzureBlobStateStorageOptions)MemberwiseClone();
}
