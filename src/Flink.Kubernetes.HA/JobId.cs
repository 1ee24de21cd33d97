using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Flink.Kubernetes.HA;

/// <summary>Identifies a job: 16 bytes, written as 32 lower-case hex digits (Flink's <c>JobID</c>).</summary>
public readonly record struct JobId
{
    private const int Length = 32;

    private readonly string? _value;

    private JobId(string value) => _value = value;

    /// <summary>Creates a random ID.</summary>
    public static JobId NewRandom() => new(RandomNumberGenerator.GetHexString(Length, lowercase: true));

    /// <summary>Parses 32 hex digits of either case.</summary>
    /// <exception cref="FormatException">The text is not 32 hex digits.</exception>
    public static JobId Parse(string text) =>
        TryParse(text, out var id)
            ? id
            : throw new FormatException($"'{text}' is not a job ID: 32 hex digits are needed, such as '{new string('0', Length)}'.");

    /// <summary>Parses 32 hex digits of either case.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out JobId id)
    {
        var valid = text is { Length: Length } && text.All(char.IsAsciiHexDigit);
        id = valid ? new JobId(text!.ToLowerInvariant()) : default;
        return valid;
    }

    /// <summary>Returns the 32 lower-case hex digits.</summary>
    public override string ToString() => _value ?? new string('0', Length);
}
