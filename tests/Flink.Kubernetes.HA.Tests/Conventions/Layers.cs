using System.Text.RegularExpressions;

namespace Flink.Kubernetes.HA.Tests.Conventions;

/// <summary>Which folder (or single file) may use which, checked over the types that a file names and the namespaces that it opens.</summary>
internal sealed class Layers(IReadOnlyDictionary<string, string[]> allowed)
{
    /// <summary>Returns a line for every arrow that points the wrong way.</summary>
    public IReadOnlyList<string> Violations(IReadOnlyList<SourceFile> files)
    {
        var errors = files.Where(file => LayerOf(file) is null).Select(file => $"{file.Path}: its folder is in no layer").ToList();
        var layered = files.Where(file => LayerOf(file) is not null).ToList();
        var types = layered.SelectMany(file => file.DeclaredTypes.Select(name => new Home(name, file.Namespace ?? string.Empty, LayerOf(file)!))).Distinct().ToLookup(home => home.Name);
        var namespaces = layered.Where(file => file.Namespace is not null).Select(file => new Home(file.Namespace!, file.Namespace!, LayerOf(file)!)).Distinct().ToLookup(home => home.Name);
        foreach (var file in layered)
        {
            errors.AddRange(file.Words.Select(word => Judge(file, word, types[word].Where(home => CanMean(file, home)))).OfType<string>());
            errors.AddRange(file.Usings.Select(name => Judge(file, "using " + name, namespaces[name])).OfType<string>());
        }

        return errors;
    }

    // A name is a type only where its namespace is in view, as for the compiler: elsewhere it is a member that is called alike.
    private static bool CanMean(SourceFile file, Home home) =>
        $"{file.Namespace}.".StartsWith($"{home.Namespace}.", StringComparison.Ordinal)
        || file.Usings.Contains(home.Namespace)
        || Regex.IsMatch(file.Code, $@"\b{Regex.Escape(home.Namespace.Split('.')[^1])}\.{home.Name}\b");

    private string? Judge(SourceFile file, string what, IEnumerable<Home> homes)
    {
        var layer = LayerOf(file)!;
        var candidates = homes.ToList();
        return candidates.Count == 0 || candidates.Exists(home => home.Layer == layer || allowed[layer].Contains(home.Layer))
            ? null
            : $"{file.Path}: {layer} may not use {candidates[0].Layer} ({what})";
    }

    /// <summary>The longest entry that the file is or lies in.</summary>
    private string? LayerOf(SourceFile file) => allowed.Keys
        .Where(key => file.Path == key || file.Path.StartsWith(key + "/", StringComparison.Ordinal))
        .MaxBy(key => key.Length);

    private sealed record Home(string Name, string Namespace, string Layer);
}
