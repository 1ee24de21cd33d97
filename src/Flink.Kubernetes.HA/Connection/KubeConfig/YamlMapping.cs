using System.Globalization;
using Microsoft.Extensions.Logging;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Flink.Kubernetes.HA.Connection.KubeConfig;

/// <summary>One mapping of a kubeconfig, whose errors name the file, the entry and the line.</summary>
internal sealed class YamlMapping
{
    private readonly YamlMappingNode _node;
    private readonly string _file;
    private readonly string _path;

    private YamlMapping(YamlMappingNode node, string file, string path) => (_node, _file, _path) = (node, file, path);

    /// <summary>Where this is, for errors of what its fields lead to.</summary>
    public string Origin => Where(_path);

    /// <summary>The top of a file, or <see langword="null"/> when the file is empty.</summary>
    public static YamlMapping? Parse(string yaml, string file)
    {
        var stream = new YamlStream();
        try
        {
            stream.Load(new StringReader(yaml));
        }
        catch (YamlException e)
        {
            // The parser's own text may quote what it read, and that may be a secret.
            throw ConfigurationError.Create(
                $"kubeconfig '{file}': is not valid YAML near line {e.Start.Line}, column {e.Start.Column}. "
                + "Check indentation, quotes and keys that are there twice.");
        }

        var roots = stream.Documents.Select(document => document.RootNode).Where(root => !IsNull(root)).ToList();
        if (roots is [_, var second, ..])
        {
            throw ConfigurationError.Create(
                $"kubeconfig '{file}': a second document begins at line {second.Start.Line}, and kubectl would not see it. "
                + "Put each document into a file of its own, and name all files in KUBECONFIG.");
        }

        return roots is not [var only] ? null
            : only is YamlMappingNode root ? new YamlMapping(root, file, string.Empty)
            : throw ConfigurationError.Create($"kubeconfig '{file}': is not a kubeconfig: at the top there must be keys such as clusters, contexts and users.");
    }

    public YamlMapping Empty(string path) => new([], _file, path);

    public bool Has(string key) =>
        Node(key) is not (null or YamlScalarNode { Value: "" } or YamlSequenceNode { Children.Count: 0 } or YamlMappingNode { Children.Count: 0 });

    public string? Text(string key) => Node(key) switch
    {
        null => null,
        YamlScalarNode scalar => scalar.Value is { Length: > 0 } text ? text : null,
        _ => throw Error(key, "must be a text."),
    };

    public string RequiredText(string key) => Text(key) ?? throw Error(key, "is missing.");

    public bool Flag(string key) => Text(key) is { } text
        && (bool.TryParse(text, out var flag) ? flag : throw Error(key, $"is '{text}'; it must be true or false."));

    /// <summary>The bytes of a field in base64.</summary>
    public byte[]? Data(string key)
    {
        try
        {
            return Text(key) is { } text ? Convert.FromBase64String(text) : null;
        }
        catch (FormatException)
        {
            throw Error(key, "is not base64. Put the PEM through 'base64 -w0', or name a file, in the key without -data.");
        }
    }

    /// <summary>A path, resolved against the folder of the file that names it.</summary>
    public string? FilePath(string key) => Text(key) is { } path ? Resolve(path) : null;

    public string Resolve(string path) => Path.GetFullPath(path, Path.GetDirectoryName(_file)!);

    public IReadOnlyList<string> Texts(string key) =>
        [.. Items(key).Select(i => i is YamlScalarNode { Value: { } text } ? text : throw Error(key, "must be a list of texts."))];

    public YamlMapping? Mapping(string key, string? path = null) => Node(key) switch
    {
        null => null,
        YamlMappingNode mapping => new YamlMapping(mapping, _file, path ?? PathOf(key)),
        _ => throw Error(key, "must hold keys and values."),
    };

    public IReadOnlyList<YamlMapping> Mappings(string key) => [.. Items(key).Select((item, index) => item is YamlMappingNode mapping
        ? new YamlMapping(mapping, _file, string.Create(CultureInfo.InvariantCulture, $"{PathOf(key)}[{index}]"))
        : throw Error(key, "must be a list of entries with keys and values."))];

    // The node as it is, or null when it is absent or null.
    private YamlNode? Node(string key) => _node.Children.TryGetValue(new YamlScalarNode(key), out var node) && !IsNull(node) ? node : null;

    /// <summary>Logs the keys that have no effect, which may be typing errors.</summary>
    public void WarnOfOthersThan(ILogger logger, params ReadOnlySpan<string> known)
    {
        foreach (var key in _node.Children.Keys.Select(key => key.ToString()))
        {
            if (key == "<<")
            {
                throw Error(key, "is not supported. Write out what it merges.");
            }

            if (!known.Contains(key))
            {
                ConnectionLog.UnknownMember(logger, Where(PathOf(key)));
            }
        }
    }

    public KubernetesHaException Error(string key, string problem)
    {
        var at = _node.Children.TryGetValue(new YamlScalarNode(key), out var node) ? node : (YamlNode)_node;
        var line = at.Start.Line > 0 ? string.Create(CultureInfo.InvariantCulture, $" (line {at.Start.Line})") : string.Empty;
        return ConfigurationError.Create($"{Where(PathOf(key))}{line} {problem}");
    }

    private static bool IsNull(YamlNode node) =>
        node is YamlScalarNode { Style: ScalarStyle.Plain, Value: null or "" or "~" or "null" or "Null" or "NULL" };

    private IEnumerable<YamlNode> Items(string key) => Node(key) switch
    {
        null => [],
        YamlSequenceNode sequence => sequence.Children,
        _ => throw Error(key, "must be a list."),
    };

    private string PathOf(string key) => _path.Length == 0 ? key : $"{_path}.{key}";

    private string Where(string path) => $"kubeconfig '{_file}': {path}";
}
