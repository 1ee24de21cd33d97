namespace Flink.Kubernetes.HA.Benchmarks.Candidates;

/// <summary>Lease, renew deadline and retry period in seconds.</summary>
internal sealed record Times(int Lease, int Deadline, int Retry)
{
    public static Times Default { get; } = new(15, 10, 2);

    public static Times Short { get; } = new(5, 3, 1);

    public override string ToString() => $"{Lease}/{Deadline}/{Retry} s";
}

/// <summary>A client whose election is measured, as a program with the command line of benchmarks/peers.</summary>
/// <param name="Name">Its name for <c>--clients</c>.</param>
/// <param name="Label">Its name in tables.</param>
/// <param name="Program">The file to run.</param>
/// <param name="Arguments">What comes before the common arguments.</param>
/// <param name="Resource">The kind of its lock, as a path of the API server.</param>
/// <param name="LockSuffix">What its lock is named after the name that it is given.</param>
/// <param name="CanRelease">Whether it gives its lock up on SIGTERM.</param>
internal sealed record Client(string Name, string Label, string Program, string[] Arguments, string Resource, string LockSuffix, bool CanRelease)
{
    public bool IsOurs => LockSuffix.Length > 0;

    public static List<Client> Find(string? peers, string[] wanted)
    {
        var self = Environment.ProcessPath!;
        List<Client> all =
        [
            new("ours", "this library", self, ["candidate", "--client", "ours"], RawApi.ConfigMaps, "-c0-leader", true),
            new("csharp", "C# client's LeaderElector, Lease", self, ["candidate", "--client", "csharp"], RawApi.Leases, string.Empty, false),
        ];
        if (peers is not null)
        {
            all.Add(new("client-go-lease", "client-go 0.32.3, Lease", Path.Combine(peers, "client-go-lease"), [], RawApi.Leases, string.Empty, true));
            all.Add(new("client-go-configmap", "client-go 0.20.2, ConfigMap", Path.Combine(peers, "client-go-configmap"), [], RawApi.ConfigMaps, string.Empty, true));
            all.Add(new("python-configmap", "Python client 22.6.0, ConfigMap", Path.Combine(peers, "python-configmap"), [], RawApi.ConfigMaps, string.Empty, false));
        }

        return wanted.Length == 0 ? all : [.. all.Where(client => wanted.Contains(client.Name))];
    }
}
