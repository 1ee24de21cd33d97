using System.Text.Json.Serialization;

namespace Flink.Kubernetes.HA.Blobs;

/// <summary>Identifies a blob of a job, and what it contains. Reading a blob returns exactly what was put, or throws.</summary>
public sealed record BlobKey
{
    private const int IdDigits = 32;
    private const int Sha256Digits = 64;

    /// <summary>Creates a key from its parts, as they were stored elsewhere.</summary>
    /// <param name="id">The ID, as 32 lower-case hexadecimal digits.</param>
    /// <param name="sha256">The SHA-256 of the content, as 64 lower-case hexadecimal digits.</param>
    /// <param name="size">The size of the content, in bytes.</param>
    /// <exception cref="ArgumentException">The ID or the SHA-256 is not valid, or the size is negative.</exception>
    [JsonConstructor]
    public BlobKey(string id, string sha256, long size)
    {
        ArgumentNullException.ThrowIfNull(id);
        ArgumentNullException.ThrowIfNull(sha256);
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        Id = IsId(id) ? id : throw new ArgumentException($"'{id}' is not the ID of a blob: {IdDigits} lower-case hexadecimal digits are needed.", nameof(id));
        Sha256 = IsHexadecimal(sha256, Sha256Digits) ? sha256 : throw new ArgumentException(
            $"'{sha256}' is not a SHA-256: {Sha256Digits} lower-case hexadecimal digits are needed.", nameof(sha256));
        Size = size;
    }

    /// <summary>The ID, which no other put has, even of the same content.</summary>
    public string Id { get; }

    /// <summary>The SHA-256 of the content, as 64 lower-case hexadecimal digits.</summary>
    public string Sha256 { get; }

    /// <summary>The size of the content, in bytes.</summary>
    public long Size { get; }

    internal static bool IsId(string text) => IsHexadecimal(text, IdDigits);

    private static bool IsHexadecimal(string text, int digits) => text.Length == digits && text.All(char.IsAsciiHexDigitLower);
}
