namespace Flink.Kubernetes.HA.Blobs;

/// <summary>Identifies a blob of a job by its content.</summary>
/// <remarks>Reading a blob returns exactly what was put, or throws.</remarks>
public sealed record BlobKey
{
    private const int Digits = 64;

    /// <summary>Creates a key.</summary>
    /// <param name="sha256">The SHA-256 of the content, as 64 lower-case hexadecimal digits.</param>
    /// <param name="size">The size of the content, in bytes.</param>
    /// <exception cref="ArgumentException">The text is not a SHA-256, or the size is negative.</exception>
    public BlobKey(string sha256, long size)
    {
        ArgumentNullException.ThrowIfNull(sha256);
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        Sha256 = IsSha256(sha256) ? sha256 : throw new ArgumentException(
            $"'{sha256}' is not a SHA-256: 64 lower-case hexadecimal digits are needed.", nameof(sha256));
        Size = size;
    }

    /// <summary>The SHA-256 of the content, as 64 lower-case hexadecimal digits.</summary>
    public string Sha256 { get; }

    /// <summary>The size of the content, in bytes.</summary>
    public long Size { get; }

    internal static bool IsSha256(string text) => text.Length == Digits && text.All(char.IsAsciiHexDigitLower);
}
