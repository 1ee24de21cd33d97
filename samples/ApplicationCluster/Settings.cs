using System.Globalization;

namespace ApplicationCluster;

/// <summary>The command line.</summary>
internal sealed record Settings
{
    public string? KubeConfig { get; init; }

    public string? Namespace { get; init; }

    public string ClusterId { get; init; } = $"demo-{Guid.NewGuid():N}"[..13];

    public string Name { get; init; } = "director";

    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Whether the replicas' own logs are shown too.</summary>
    public bool Logs { get; init; }

    public static Settings Parse(IReadOnlyList<string> args)
    {
        var settings = new Settings();
        for (var i = 0; i < args.Count; i++)
        {
            settings = args[i] switch
            {
                "--kubeconfig" => settings with { KubeConfig = Path.GetFullPath(Value()) },
                "--namespace" => settings with { Namespace = Value() },
                "--cluster-id" => settings with { ClusterId = Value() },
                "--name" => settings with { Name = Value() },
                "--lease" => settings with { Lease = Seconds(Value()) },
                "--logs" => settings with { Logs = true },
                var unknown => throw new ArgumentException($"'{unknown}' is not known. Known are: --kubeconfig PATH, --namespace NAME, --lease SECONDS, --logs."),
            };

            string Value() => ++i < args.Count ? args[i] : throw new ArgumentException($"{args[i - 1]} needs a value.");
        }

        return settings.Namespace is null || settings.KubeConfig is not null
            ? settings
            : throw new ArgumentException("--namespace goes with --kubeconfig.");
    }

    public IEnumerable<string> ToArguments(string name, string kubeConfig) =>
    [
        "replica", "--name", name, "--cluster-id", ClusterId, "--kubeconfig", kubeConfig,
        "--lease", Lease.TotalSeconds.ToString(CultureInfo.InvariantCulture),
        .. Namespace is null ? [] : (string[])["--namespace", Namespace],
        .. Logs ? (string[])["--logs"] : [],
    ];

    private static TimeSpan Seconds(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds >= 2
            ? TimeSpan.FromSeconds(seconds)
            : throw new ArgumentException($"'{text}' is no lease: whole seconds from 2 on.");
}
