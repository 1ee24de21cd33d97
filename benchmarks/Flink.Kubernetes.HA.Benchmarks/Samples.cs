using System.Globalization;

namespace Flink.Kubernetes.HA.Benchmarks;

/// <summary>What was measured, and a row of it.</summary>
internal sealed class Samples
{
    private readonly List<double> _seconds = [];
    private readonly Lock _gate = new();

    public void Add(TimeSpan time)
    {
        lock (_gate)
        {
            _seconds.Add(time.TotalSeconds);
        }
    }

    public static void PrintHeader() => Console.WriteLine("| what | n | min | p50 | mean | p99 | max |\n|---|---|---|---|---|---|---|");

    public void Print(string what)
    {
        _seconds.Sort();
        Console.WriteLine($"| {what} | {_seconds.Count} | {Text(_seconds[0])} | {Text(At(0.5))} | {Text(_seconds.Average())} | {Text(At(0.99))} | {Text(_seconds[^1])} |");
    }

    private static string Text(double seconds) => seconds < 0.5
        ? string.Create(CultureInfo.InvariantCulture, $"{seconds * 1000:0.0} ms")
        : string.Create(CultureInfo.InvariantCulture, $"{seconds:0.00} s");

    private double At(double quantile) => _seconds[(int)Math.Min(_seconds.Count - 1, Math.Ceiling(quantile * _seconds.Count) - 1)];
}
