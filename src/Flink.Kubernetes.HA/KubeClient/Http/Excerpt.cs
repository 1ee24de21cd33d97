using System.Text;

namespace Flink.Kubernetes.HA.KubeClient.Http;

/// <summary>The first characters of something unexpected, fit for a one-line message.</summary>
internal static class Excerpt
{
    private const int MaxLength = 200;

    public static string Of(ReadOnlySpan<byte> utf8) =>
        // A character has at most four bytes; one that is cut in two is replaced, which is fine here.
        Of(Encoding.UTF8.GetString(utf8[..Math.Min(utf8.Length, 4 * MaxLength)]));

    public static string Of(string text)
    {
        var excerpt = text.Length <= MaxLength ? text : string.Concat(text.AsSpan(0, MaxLength), "...");
        return string.Create(excerpt.Length, excerpt, static (line, source) =>
        {
            for (var i = 0; i < line.Length; i++)
            {
                line[i] = char.IsControl(source[i]) ? ' ' : source[i];
            }
        });
    }
}
