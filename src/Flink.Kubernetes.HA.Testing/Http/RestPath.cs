namespace Flink.Kubernetes.HA.Testing.Http;

/// <summary>What a path of the Kubernetes API names, whichever kinds the server knows.</summary>
internal sealed record RestPath(string Group, string Version, string? Namespace, string Plural, string? Name, string? Subresource)
{
    /// <summary>The resource as RBAC names it.</summary>
    public string Resource => (Group.Length == 0 ? Plural : $"{Plural}.{Group}") + (Subresource is null ? string.Empty : $"/{Subresource}");

    /// <summary>Reads a path as it is sent, that is, escaped.</summary>
    public static RestPath? Parse(string path)
    {
        var segments = path.Split('/', StringSplitOptions.RemoveEmptyEntries).Select(Uri.UnescapeDataString).ToArray();
        return segments switch
        {
            ["api", var version, .. var core] => Parse(string.Empty, version, core),
            ["apis", var group, var version, .. var others] => Parse(group, version, others),
            _ => null,
        };
    }

    /// <summary>The verb as RBAC names it, or <see langword="null"/> for a method that the API does not have.</summary>
    public string? Verb(string method, RestQuery query) => method switch
    {
        "GET" when Name is null => query.IsWatch ? "watch" : "list",
        "GET" => "get",
        "POST" => "create",
        "PUT" => "update",
        "PATCH" => "patch",
        "DELETE" when Name is null => "deletecollection",
        "DELETE" => "delete",
        _ => null,
    };

    private static RestPath? Parse(string group, string version, string[] rest)
    {
        var (space, below) = rest is ["namespaces", var named, .. { Length: > 0 } others] ? (named, others) : (null, rest);
        return below switch
        {
            [var plural] => new RestPath(group, version, space, plural, null, null),
            [var plural, var name] => new RestPath(group, version, space, plural, name, null),
            [var plural, var name, var subresource] => new RestPath(group, version, space, plural, name, subresource),
            _ => null,
        };
    }
}
