namespace Flink.Kubernetes.HA.Storage;

/// <summary>What was written, and all that a pointer must hold to find it again and to know it for the same.</summary>
/// <param name="Key">The key under which it is opened and deleted.</param>
/// <param name="Size">How many bytes it has.</param>
/// <param name="Sha256">The SHA-256 of its bytes, as 64 lower-case hexadecimal digits.</param>
/// <param name="Location">Where it is, for people: a path or an address such as <c>s3://bucket/prefix/key</c>.</param>
public sealed record StoredState(StateKey Key, long Size, string Sha256, string Location);
