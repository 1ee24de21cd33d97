namespace Flink.Kubernetes.HA.Testing.ApiServer;

/// <summary>A field selector on <c>metadata.name</c> and <c>metadata.namespace</c>.</summary>
internal sealed class FieldSelector
{
    private readonly List<(string Field, string Value, bool IsNot)> _requirements = [];

    /// <summary>The one name that can match, which RBAC and the request log then see; otherwise <see langword="null"/>.</summary>
    public string? Name => _requirements.Where(r => r is { Field: "metadata.name", IsNot: false }).Select(r => r.Value).FirstOrDefault();

    /// <summary>As <see cref="Name"/>, of a text that may not be a field selector.</summary>
    public static string? NameIn(string? text)
    {
        try
        {
            return Parse(text).Name;
        }
        catch (ApiError)
        {
            return null;
        }
    }

    public static FieldSelector Parse(string? text)
    {
        var selector = new FieldSelector();
        foreach (var requirement in (text ?? string.Empty).Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = requirement.IndexOf('=', StringComparison.Ordinal);
            if (equals < 1)
            {
                throw ApiError.BadRequest($"invalid field selector: \"{requirement}\"; can't understand it");
            }

            var isNot = requirement[equals - 1] == '!';
            var field = requirement[..(isNot ? equals - 1 : equals)];
            var value = requirement[(equals + 1)..];
            if (field is not ("metadata.name" or "metadata.namespace"))
            {
                throw ApiError.BadRequest($"\"{field}\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"");
            }

            selector._requirements.Add((field, !isNot && value.StartsWith('=') ? value[1..] : value, isNot));
        }

        return selector;
    }

    public bool Matches(NamespacedName key)
    {
        foreach (var (field, value, isNot) in _requirements)
        {
            if ((field == "metadata.name" ? key.Name : key.Namespace) == value == isNot)
            {
                return false;
            }
        }

        return true;
    }
}

/// <summary>Which objects of a resource a list or watch is about.</summary>
internal sealed class ObjectSelector(string? namespaceName, LabelSelector labels, FieldSelector fields)
{
    public static ObjectSelector Parse(string? namespaceName, string? labelSelector, string? fieldSelector) =>
        new(namespaceName, LabelSelector.Parse(labelSelector), FieldSelector.Parse(fieldSelector));

    public bool Matches(StoredObject item) =>
        (namespaceName is null || item.Key.Namespace == namespaceName) && fields.Matches(item.Key) && labels.Matches(item.Labels);
}
