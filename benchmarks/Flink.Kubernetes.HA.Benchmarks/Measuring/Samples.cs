using System.Globalization;

namespace Flink.Kubernetes.HA.Benchmarks.Measuring;

/// <summary>Times in seconds, and what is told of them.</summary>
internal sealed class Samples
{
    private readonly List<double> _values = [];

    public int Count => _values.Count;

    public IReadOnlyList<double> Values => _values;

    public double P50 => At(0.5);

    public double P99 => At(0.99);

    public double Max => At(1);

    public double Mean => Count == 0 ? double.NaN : _values.Average();

    public void Add(double seconds)
    {
        lock (_values)
        {
            _values.Add(seconds);
        }
    }

    /// <summary>"n | p50 | mean | p99 | max" as cells.</summary>
    public string[] Cells() => [$"{Count}", Text(P50), Text(Mean), Text(P99), Text(Max)];

    public static string Text(double seconds) =>
        double.IsNaN(seconds) ? "-"
        : Math.Abs(seconds) < 0.9995 ? string.Create(CultureInfo.InvariantCulture, $"{seconds * 1000:0.0} ms")
        : string.Create(CultureInfo.InvariantCulture, $"{seconds:0.00} s");

    public static string Ratio(double of, double to) => double.IsNaN(of) || double.IsNaN(to) || to <= 0 ? "-" : string.Create(CultureInfo.InvariantCulture, $"{of / to:0.00}");

    private double At(double quantile)
    {
        if (Count == 0)
        {
            return double.NaN;
        }

        var sorted = _values.Order().ToList();
        return sorted[Math.Max(0, (int)Math.Ceiling(quantile * Count) - 1)];
    }
}
