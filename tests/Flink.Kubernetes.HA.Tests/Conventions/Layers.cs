namespace Flink.Kubernetes.HA.Tests.Conventions;

/// <summary>Which folder may use which, checked over the types that a file names and the namespaces that it opens.</summary>
internal sealed class Layers(IReadOnlyDictionary<string, string[]> allowed)
{
    /// <summary>Returns a line for every arrow that points the wrong way.</summary>
    public IReadOnlyList<string> Violations(IReadOnlyList<SourceFile> files)
    {
        var errors = new List<string>();
        errors.AddRange(files.Where(file => Layer(file.Folder) is null).Select(file => $"{file.Path}: its folder is in no layer"));
        var layered = files.Where(file => Layer(file.Folder) is not null).ToList();
        var homes = layered
            .SelectMany(file => file.DeclaredTypes.Select(type => (type, layer: Layer(file.Folder)!)))
            .Distinct().ToLookup(item => item.type, item => item.layer);
        var namespaces = layered.Where(file => file.Namespace is not null)
            .Select(file => (file.Namespace, layer: Layer(file.Folder)!)).Distinct().ToLookup(item => item.Namespace!, item => item.layer);

        foreach (var file in layered)
        {
            var layer = Layer(file.Folder)!;
            errors.AddRange(
                from word in file.Words
                where homes.Contains(word) && !homes[word].Any(home => MayUse(layer, home))
                select $"{file.Path}: {layer} may not use {homes[word].First()} ({word})");
            errors.AddRange(
                from name in file.Usings
                where namespaces.Contains(name) && !namespaces[name].Any(home => MayUse(layer, home))
                select $"{file.Path}: {layer} may not use {namespaces[name].First()} (using {name})");
        }

        return errors;
    }

    private bool MayUse(string layer, string other) => layer == other || allowed[layer].Contains(other);

    /// <summary>The layer of a folder is the longest entry that it is or lies in.</summary>
    private string? Layer(string folder) => allowed.Keys
        .Where(key => folder == key || folder.StartsWith(key + "/", StringComparison.Ordinal))
        .MaxBy(key => key.Length);
}
