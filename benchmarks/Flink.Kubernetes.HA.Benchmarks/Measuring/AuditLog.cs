using System.Text.Json.Nodes;

namespace Flink.Kubernetes.HA.Benchmarks.Measuring;

/// <summary>The requests that the API server itself has recorded, where it keeps an audit log (<c>BENCHMARK_AUDIT_LOG</c>).</summary>
internal static class AuditLog
{
    private static readonly string? File = Environment.GetEnvironmentVariable("BENCHMARK_AUDIT_LOG");

    public static bool IsKept => System.IO.File.Exists(File);

    /// <summary>Writes and reads (lists and new watches included) of an object that the server received within a time.</summary>
    public static (int Writes, int Reads) Count(string name, double from, double until)
    {
        var (writes, reads) = (0, 0);
        using var stream = new FileStream(File!, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);

        // What lies further back than the last megabytes is older than any hand-over.
        stream.Seek(-Math.Min(stream.Length, 4 << 20), SeekOrigin.End);
        using var lines = new StreamReader(stream);
        while (lines.ReadLine() is { } line)
        {
            if (line.Contains(name, StringComparison.Ordinal) && line.EndsWith('}') && line.StartsWith('{'))
            {
                var entry = JsonNode.Parse(line)!;
                var at = (DateTimeOffset.Parse(entry["requestReceivedTimestamp"]!.GetValue<string>(), System.Globalization.CultureInfo.InvariantCulture) - DateTimeOffset.UnixEpoch).TotalSeconds;
                if (at >= from && at <= until)
                {
                    _ = entry["verb"]!.GetValue<string>() is "get" or "list" or "watch" ? reads++ : writes++;
                }
            }
        }

        return (writes, reads);
    }
}
