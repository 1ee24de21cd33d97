namespace Flink.Kubernetes.HA.Storage;

/// <summary>One item of data in a list.</summary>
/// <param name="Key">The key.</param>
/// <param name="Size">The size, in bytes.</param>
/// <param name="LastModified">When it was written, by the clock of the storage, which may differ from that of this process. For large data on S3 it is
/// when the write began.</param>
public sealed record StateEntry(StateKey Key, long Size, DateTimeOffset LastModified);
