using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text;

namespace Flink.Kubernetes.HA.ConfigMaps;

/// <summary>Writes JSON text with exactly the escapes that the API server uses, which are those of Go's encoding/json.</summary>
/// <remarks>
/// The server compares the value of a <c>test</c> with the object's as encoded bytes, not as decoded text: a quote as
/// <c>\u0022</c> or a <c>&lt;</c> that is not <c>\u003c</c> fails a test of equal text. Servers built with Go 1.22 or later
/// write backspace and form feed as <c>\b</c> and <c>\f</c>, so text with these two cannot be tested on all versions.
/// </remarks>
internal sealed unsafe class GoJsonEncoder : JavaScriptEncoder
{
    private const string Hex = "0123456789abcdef";

    public static JsonWriterOptions WriterOptions { get; } = new() { Encoder = new GoJsonEncoder(), SkipValidation = true };

    /// <summary>A <c>\uxxxx</c> for a UTF-16 code unit.</summary>
    public override int MaxOutputCharactersPerInputCharacter => 6;

    // An unpaired surrogate is not a scalar value; the base class replaces it by U+FFFD, as the server does.
    public override bool WillEncode(int unicodeScalar) => unicodeScalar is < 0x20 or '"' or '\\' or '<' or '>' or '&' or 0x2028 or 0x2029;

    public override int FindFirstCharacterToEncode(char* text, int textLength)
    {
        for (var index = 0; index < textLength; index++)
        {
            if (WillEncode(text[index]))
            {
                return index;
            }

            if (char.IsSurrogate(text[index]))
            {
                var rest = new ReadOnlySpan<char>(text + index, textLength - index);
                if (Rune.DecodeFromUtf16(rest, out _, out var length) != System.Buffers.OperationStatus.Done)
                {
                    return index;
                }

                index += length - 1;
            }
        }

        return -1;
    }

    public override bool TryEncodeUnicodeScalar(int unicodeScalar, char* buffer, int bufferLength, out int numberOfCharactersWritten)
    {
        var output = new Span<char>(buffer, bufferLength);
        numberOfCharactersWritten = 0;
        if (!WillEncode(unicodeScalar))
        {
            return new Rune(unicodeScalar).TryEncodeToUtf16(output, out numberOfCharactersWritten);
        }

        ReadOnlySpan<char> escape = unicodeScalar switch
        {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            _ => ['\\', 'u', Hex[unicodeScalar >> 12], Hex[(unicodeScalar >> 8) & 15], Hex[(unicodeScalar >> 4) & 15], Hex[unicodeScalar & 15]],
        };
        numberOfCharactersWritten = escape.TryCopyTo(output) ? escape.Length : 0;
        return numberOfCharactersWritten > 0;
    }
}
