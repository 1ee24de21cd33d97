using System.Globalization;

namespace ApplicationCluster;

/// <summary>The command line.</summary>
internal sealed record Settings
{
    public string? KubeConfig { get; init; }

    public string? Namespace { get; init; }

    /// <summary>The folder of the checkpoints; a temporary one unless it is named.</summary>
    public string? Storage { get; init; }

    /// <summary>The S3 bucket of the checkpoints, in place of a folder; credentials as the AWS SDK finds them.</summary>
    public string? S3Bucket { get; init; }

    /// <summary>The address of an S3 server that is not AWS's.</summary>
    public string? S3Endpoint { get; init; }

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
                "--storage" => settings with { Storage = Path.GetFullPath(Value()) },
                "--s3" => settings with { S3Bucket = Value() },
                "--s3-endpoint" => settings with { S3Endpoint = Value() },
                "--cluster-id" => settings with { ClusterId = Value() },
                "--name" => settings with { Name = Value() },
                "--lease" => settings with { Lease = Seconds(Value()) },
                "--logs" => settings with { Logs = true },
                var unknown => throw new ArgumentException($"'{unknown}' is not known. Known are: --kubeconfig PATH, --namespace NAME, --storage DIR, --s3 BUCKET, --s3-endpoint URL, --lease SECONDS, --logs."),
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
        .. Option("--namespace", Namespace),
        .. Option("--storage", Storage),
        .. Option("--s3", S3Bucket),
        .. Option("--s3-endpoint", S3Endpoint),
        .. Logs ? (string[])["--logs"] : [],
    ];

    private static string[] Option(string name, string? value) => value is null ? [] : [name, value];

    private static TimeSpan Seconds(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds >= 2
            ? TimeSpan.FromSeconds(seconds)
            : throw new ArgumentException($"'{text}' is no lease: whole seconds from 2 on.");
}
