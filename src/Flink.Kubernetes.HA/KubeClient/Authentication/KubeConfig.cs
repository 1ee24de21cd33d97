namespace Flink.Kubernetes.HA.KubeClient.Authentication;

/// <summary>The clusters, contexts and users of one or more kubeconfig files; of entries with the same name the first file's is the one.</summary>
internal sealed class KubeConfig
{
    private readonly Dictionary<string, YamlMapping> _clusters = new(StringComparer.Ordinal);
    private readonly Dictionary<string, YamlMapping> _contexts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, YamlMapping> _users = new(StringComparer.Ordinal);
    private readonly List<string> _files = [];

    public IReadOnlyDictionary<string, YamlMapping> Clusters => _clusters;

    public IReadOnlyDictionary<string, YamlMapping> Contexts => _contexts;

    public IReadOnlyDictionary<string, YamlMapping> Users => _users;

    /// <summary>The files that exist.</summary>
    public IReadOnlyList<string> Files => _files;

    public string? CurrentContext { get; private set; }

    public bool IsEmpty => _clusters.Count == 0 && _contexts.Count == 0 && _users.Count == 0 && CurrentContext is null;

    public static KubeConfig Load(KubeConfigSources sources)
    {
        var config = new KubeConfig();
        foreach (var path in sources.Paths.Where(p => File.Exists(p) || Directory.Exists(p)))
        {
            config.Add(path, ConfigText.ReadFile(path, "kubeconfig"));
        }

        return config;
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

        AddEntries(file, "clusters", "cluster", _clusters);
        AddEntries(file, "contexts", "context", _contexts);
        AddEntries(file, "users", "user", _users);
        CurrentContext ??= file.Text("current-context");
    }
}
