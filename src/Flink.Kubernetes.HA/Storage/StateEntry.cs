namespace Flink.Kubernetes.HA.Storage;

/// <summary>One piece of data in a list.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Size">How many bytes it has.</param>
/// <param name="LastModified">When it was written, by the clock of the storage, which may differ from this process's.</param>
public sealed record StateEntry(StateKey Key, long Size, DateTimeOffset LastModified);
