using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using ScottPlot;

namespace Flink.Kubernetes.HA.Benchmarks.Measuring;

/// <summary>Writes tables (Markdown), charts (PNG) and every single sample (CSV) into a folder, after each scenario.</summary>
internal sealed class Report(string folder)
{
    private readonly StringBuilder _text = new();
    private readonly StringBuilder _samples = new("scenario,variant,client,what,value\n");
    private string _scenario = string.Empty;

    public static string Load => File.ReadAllText("/proc/loadavg").Split(' ')[0];

    public void Begin(string server, string settings, string? note)
    {
        Directory.CreateDirectory(folder);
        Line("# Results\n");
        if (note is not null)
        {
            Line($"**{note}**\n");
        }

        var processor = File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim();
        Line("| date | processors | system | .NET | API server | settings |\n|---|---|---|---|---|---|");
        Line(FormattableString.Invariant(
            $"| {TimeProvider.System.GetUtcNow():yyyy-MM-dd HH:mm} UTC | {Environment.ProcessorCount} × {processor} | {RuntimeInformation.OSDescription} | {Environment.Version} | {server} | {settings} |"));
        Line("\nHow each figure is measured is in the README of the benchmarks. *Floor* is what raw requests without any client library need, measured in the same\nrun. Every single sample is in `samples.csv`, in seconds.");
    }

    public void BeginScenario(string name, string title, int runs)
    {
        _scenario = name;
        Line($"\n## {title}\n\n`{name}`, runs: {runs}, load average before: {Load}\n");
    }

    public void Text(string text) => Line(text + "\n");

    public void Table(string[] head, IEnumerable<string[]> rows)
    {
        Line($"| {string.Join(" | ", head)} |\n|{string.Concat(head.Select(_ => "---|"))}");
        foreach (var row in rows)
        {
            Line($"| {string.Join(" | ", row)} |");
        }

        Line(string.Empty);
    }

    public void Add(string variant, string client, string what, Samples samples)
    {
        foreach (var value in samples.Values)
        {
            _samples.Append(CultureInfo.InvariantCulture, $"{_scenario},{variant},{client},{what},{value:0.000000}\n");
        }
    }

    /// <summary>Bars from 0 to the median, with a line to the 99th percentile, and the floor as a line across.</summary>
    public void Chart(string file, string title, IReadOnlyList<(string Label, Samples Samples)> bars, double floor = double.NaN)
    {
        var shown = bars.Where(bar => bar.Samples.Count > 0).Reverse().ToList();
        if (shown.Count == 0)
        {
            return;
        }

        var isLong = shown.Max(bar => bar.Samples.P99) >= 1;
        var unit = isLong ? 1 : 1000;
        using var plot = new Plot();
        for (var i = 0; i < shown.Count; i++)
        {
            var (label, samples) = shown[i];
            var color = label.StartsWith("this library", StringComparison.Ordinal) ? Colors.SteelBlue : Colors.LightGray;
            var bar = new Bar { Position = i, Value = samples.P50 * unit, FillColor = color, Orientation = Orientation.Horizontal };
            plot.Add.Bars(new[] { bar }).Horizontal = true;
            plot.Add.Line(samples.P50 * unit, i, samples.P99 * unit, i).Color = Colors.Black;
        }

        if (!double.IsNaN(floor))
        {
            var line = plot.Add.VerticalLine(floor * unit);
            (line.Color, line.LinePattern) = (Colors.Red, LinePattern.Dashed);
        }

        plot.Axes.Left.SetTicks([.. Enumerable.Range(0, shown.Count).Select(i => (double)i)], [.. shown.Select(bar => $"{bar.Label}: {Samples.Text(bar.Samples.P50)}")]);
        plot.Axes.Margins(left: 0, right: 0.15);
        plot.Title(title);
        plot.XLabel($"{(isLong ? "seconds" : "milliseconds")}: median, line to the 99th percentile{(double.IsNaN(floor) ? string.Empty : ", floor dashed")}");
        plot.SavePng(Path.Combine(folder, file + ".png"), 900, 120 + (45 * shown.Count));
        Line($"![{title}]({file}.png)\n");
    }

    public void EndScenario(TimeSpan took)
    {
        Line(FormattableString.Invariant($"Took {took.TotalSeconds:0} s; load average after: {Load}."));
        File.WriteAllText(Path.Combine(folder, "README.md"), _text.ToString());
        File.WriteAllText(Path.Combine(folder, "samples.csv"), _samples.ToString());
    }

    private void Line(string line)
    {
        Console.WriteLine(line);
        _text.Append(line).Append('\n');
    }
}
