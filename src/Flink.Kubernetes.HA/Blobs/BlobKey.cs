namespace Flink.Kubernetes.HA.Blobs;

/// <summary>Names a blob of a job by its content: what was put is what is got, or an error.</summary>
public sealed record BlobKey
{
    private const int Digits = 64;

    /// <summary>Creates a key.</summary>
    /// <param name="sha256">The SHA-256 of the content, as 64 lower-case hexadecimal digits.</param>
    /// <param name="size">How many bytes the content has.</param>
    /// <exception cref="ArgumentException">The SHA-256 is not one, or the size is negative.</exception>
    public BlobKey(string sha256, long size)
    {
        ArgumentNullException.ThrowIfNull(sha256);
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        Sha256 = IsSha256(sha256) ? sha256 : throw new ArgumentException($"'{sha256}' is not a SHA-256: 64 lower-case hexadecimal digits are needed.", nameof(sha256));
        Size = size;
    }

    /// <summary>The SHA-256 of the content, as 64 lower-case hexadecimal digits.</summary>
    public string Sha256 { get; }

    /// <summary>How many bytes the content has.</summary>
    public long Size { get; }

    internal static bool IsSha256(string text) => text.Length == Digits && text.All(char.IsAsciiHexDigitLower);
}
