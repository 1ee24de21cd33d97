namespace Flink.Kubernetes.HA.Storage;

/// <summary>Describes data that was written: what a pointer needs to find and verify it.</summary>
/// <param name="Key">The key of the data.</param>
/// <param name="Size">The size, in bytes.</param>
/// <param name="Sha256">The SHA-256 of the bytes, as 64 lower-case hexadecimal digits.</param>
public sealed record StoredState(StateKey Key, long Size, string Sha256);
