using System.Buffers;
using System.Text;

namespace Flink.Kubernetes.HA.Storage;

/// <summary>The key of one item of data in a storage: segments separated by <c>/</c>, such as <c>orders/4f2a/checkpoint-17</c>.</summary>
/// <remarks>
/// No key refers to something outside a storage's root, and every key is a valid name on object stores and on Linux. So a segment is not
/// empty, does not begin or end with a dot or white space, has no control character and none of <c>\ : * ? " &lt; &gt; |</c>, and is in
/// Unicode's normalization form C, of characters only. Keys that differ only in case are different keys, but a file system may not distinguish
/// them. The names of devices, such as <c>aux</c> or <c>com1.txt</c>, are valid, because namespaces and clusters may be called so; on Windows,
/// the file system storage refuses them.
/// </remarks>
public sealed record StateKey
{
    /// <summary>The maximum length of a segment, in bytes of UTF-8.</summary>
    public const int MaximumSegmentBytes = 200;

    /// <summary>The maximum length of a key, in bytes of UTF-8.</summary>
    public const int MaximumBytes = 800;

    private static readonly SearchValues<char> Forbidden = SearchValues.Create("\\:*?\"<>|");
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Creates a key from its text.</summary>
    /// <exception cref="ArgumentException">The text is not a key; the message says why.</exception>
    public StateKey(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        Value = Problem(value) is { } problem
            ? throw new ArgumentException($"'{Printable(value)}' is not a key: {problem}.", nameof(value))
            : value;
    }

    /// <summary>The text of the key.</summary>
    public string Value { get; }

    /// <summary>Joins segments to a key.</summary>
    /// <exception cref="ArgumentException">A segment is not valid; the message says why.</exception>
    public static StateKey Of(params ReadOnlySpan<string> segments)
    {
        foreach (var segment in segments)
        {
            if (segment is null || segment.Contains('/', StringComparison.Ordinal))
            {
                throw new ArgumentException($"'{Printable(segment)}' is not a segment of a key: it must not be null or contain '/'.", nameof(segments));
            }
        }

        return new StateKey(string.Join('/', segments));
    }

    /// <summary>Creates a key if the text is valid.</summary>
    /// <returns>The key, or <see langword="null"/> if the text is not a key.</returns>
    public static StateKey? TryCreate(string? value) => value is not null && Problem(value) is null ? new StateKey(value) : null;

    /// <summary>Validates a prefix of keys: complete segments, and optionally the beginning of another.</summary>
    /// <exception cref="ArgumentException">The prefix is not valid in a key; the message says why.</exception>
    public static string CheckPrefix(string prefix)
    {
        ArgumentNullException.ThrowIfNull(prefix);

        // A prefix may end with a slash, or with a character that may not end a segment: what follows can make it valid.
        return prefix.Length == 0 || Problem(prefix + "x") is not { } problem
            ? prefix
            : throw new ArgumentException($"No key begins with '{Printable(prefix)}': {problem}.", nameof(prefix));
    }

    /// <summary>Returns <see cref="Value"/>.</summary>
    public override string ToString() => Value;

    private static string? Problem(string value)
    {
        if (value.Length > MaximumBytes)
        {
            return $"it is longer than {MaximumBytes} bytes";
        }

        try
        {
            if (Utf8.GetByteCount(value) > MaximumBytes)
            {
                return $"it is longer than {MaximumBytes} bytes";
            }
        }
        catch (EncoderFallbackException)
        {
            return "it contains an unpaired surrogate";
        }

        if (value.EnumerateRunes().Any(IsNonCharacter))
        {
            return "it contains a code that is no character in Unicode";
        }

        return value.IsNormalized() ? value.Split('/').Select(ProblemOfSegment).FirstOrDefault(problem => problem is not null) : "it is not in "
            + "Unicode's form C";
    }

    private static string? ProblemOfSegment(string segment) => segment switch
    {
        "" => "a segment is empty",
        ['.', ..] => $"the segment '{segment}' begins with a dot",
        [.., '.'] => $"the segment '{segment}' ends with a dot",
        _ when char.IsWhiteSpace(segment[0]) || char.IsWhiteSpace(segment[^1]) => $"the segment '{segment}' has white space at an end",
        _ when segment.AsSpan().ContainsAny(Forbidden) => "it contains one of \\ : * ? \" < > |",
        _ when segment.Any(char.IsControl) => "it contains a control character",
        _ when Utf8.GetByteCount(segment) > MaximumSegmentBytes => $"a segment is longer than {MaximumSegmentBytes} bytes",
        _ => null,
    };

    // U+FDD0 to U+FDEF and the last two of each plane: XML, in which S3 lists keys, cannot hold some of them, and IsNormalized throws.
    private static bool IsNonCharacter(Rune rune) => rune.Value is >= 0xFDD0 and <= 0xFDEF || (rune.Value & 0xFFFE) == 0xFFFE;

    // The text is not trusted, and it is written to messages and logs.
    private static string? Printable(string? value) =>
        value is null
            ? null
            : string.Concat(value.Take(100).Select(c => char.IsControl(c) || char.IsSurrogate(c) ? '\uFFFD' : c)) + (value.Length > 100 ? "..." : string.Empty);
}
