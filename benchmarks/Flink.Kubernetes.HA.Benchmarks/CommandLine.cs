using System.Globalization;

namespace Flink.Kubernetes.HA.Benchmarks;

/// <summary>Words, options (<c>--name value</c>) and switches (<c>--name</c>).</summary>
internal sealed class CommandLine
{
    private readonly Dictionary<string, string> _options = [];

    public CommandLine(string[] arguments)
    {
        var words = new List<string>();
        for (var i = 0; i < arguments.Length; i++)
        {
            if (!arguments[i].StartsWith("--", StringComparison.Ordinal))
            {
                words.Add(arguments[i]);
            }
            else
            {
                var hasValue = i + 1 < arguments.Length && !arguments[i + 1].StartsWith("--", StringComparison.Ordinal) && arguments[i] is not ("--quick" or "--release");
                _options[arguments[i]] = hasValue ? arguments[++i] : string.Empty;
            }
        }

        Words = words;
    }

    public IReadOnlyList<string> Words { get; }

    public bool Has(string option) => _options.ContainsKey(option);

    public string Value(string option, string unset) => _options.GetValueOrDefault(option, unset);

    public string Required(string option) => _options.GetValueOrDefault(option) ?? throw new ArgumentException($"{option} is missing.");

    public int Number(string option, int unset) => _options.TryGetValue(option, out var text) ? int.Parse(text, CultureInfo.InvariantCulture) : unset;

    /// <summary>Whole seconds, such as <c>15s</c>.</summary>
    public TimeSpan Duration(string option) => TimeSpan.FromSeconds(double.Parse(Required(option).TrimEnd('s'), CultureInfo.InvariantCulture));
}
