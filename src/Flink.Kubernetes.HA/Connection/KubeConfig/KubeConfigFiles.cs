namespace Flink.Kubernetes.HA.Connection.KubeConfig;

/// <summary>The clusters, contexts and users of one or more kubeconfig files; of entries with the same name the first file's is the one.</summary>
internal sealed class KubeConfigFiles
{
    private const string Variable = "KUBECONFIG";

    private readonly List<string> _files = [];

    public Dictionary<string, YamlMapping> Clusters { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, YamlMapping> Contexts { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, YamlMapping> Users { get; } = new(StringComparer.Ordinal);

    /// <summary>The files that exist.</summary>
    public string Names => string.Join(", ", _files);

    public string? CurrentContext { get; private set; }

    public bool IsEmpty => Clusters.Count == 0 && Contexts.Count == 0 && Users.Count == 0 && CurrentContext is null;

    /// <summary>What to say of files that name no cluster: what was looked for, and what was found.</summary>
    public string WhatIsMissing { get; private init; } = string.Empty;

    /// <summary>The file that is given; else the files of KUBECONFIG where it is set; else the one in the home directory.</summary>
    public static KubeConfigFiles Load(string? path, ConnectionEnvironment environment)
    {
        var (paths, missing) = Find(path, environment);
        string[] existing = [.. paths.Where(p => File.Exists(p) || Directory.Exists(p))];
        var config = new KubeConfigFiles { WhatIsMissing = existing.Length == 0 ? missing : $"{string.Join(", ", existing)} names no cluster" };
        foreach (var file in existing)
        {
            config.Add(file, new NamedFile(file, "kubeconfig").ReadText());
        }

        return config;
    }

    private static (IReadOnlyList<string> Paths, string WhatIsMissing) Find(string? path, ConnectionEnvironment environment)
    {
        if (path is not null)
        {
            return ([Path.GetFullPath(path)], $"there is no file {Path.GetFullPath(path)}");
        }

        if (environment.FirstSet(Variable) is { } value)
        {
            string[] named = [.. value.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).Select(Path.GetFullPath).Distinct()];
            return (named, $"{Variable}={value} names no file that exists");
        }

        var ofHome = Path.Combine(environment.HomeDirectory, ".kube", "config");
        return environment.HomeDirectory.Length == 0
            ? ([], $"{Variable} is not set and there is no home directory")
            : ([ofHome], $"{Variable} is not set and there is no file {ofHome}");
    }

    private static void AddEntries(YamlMapping file, string list, string field, Dictionary<string, YamlMapping> entries)
    {
        var ofThisFile = new HashSet<string>(StringComparer.Ordinal);
        foreach (var item in file.Mappings(list))
        {
            var name = item.Text("name") ?? throw item.Error("name", "is missing. Every entry needs a name.");
            if (!ofThisFile.Add(name))
            {
                throw item.Error("name", $"'{name}' is there twice. Rename or remove one of the entries.");
            }

            // An entry without a body is one whose fields are all absent.
            entries.TryAdd(name, item.Mapping(field, $"{list}[{name}].{field}") ?? item.Empty($"{list}[{name}].{field}"));
        }
    }

    private void Add(string path, string yaml)
    {
        _files.Add(path);
        if (YamlMapping.Parse(yaml, path) is not { } file)
        {
            return;
        }

        if (file.Text("kind") is { } kind && kind != "Config")
        {
            throw file.Error("kind", $"is '{kind}'. A kubeconfig has kind: Config.");
        }

        AddEntries(file, "clusters", "cluster", Clusters);
        AddEntries(file, "contexts", "context", Contexts);
        AddEntries(file, "users", "user", Users);
        CurrentContext ??= file.Text("current-context");
    }
}
