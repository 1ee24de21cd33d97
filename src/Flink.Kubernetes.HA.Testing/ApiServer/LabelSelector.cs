namespace Flink.Kubernetes.HA.Testing.ApiServer;

/// <summary>A label selector: requirements that all must hold.</summary>
internal sealed class LabelSelector
{
    private readonly List<Func<IReadOnlyDictionary<string, string>, bool>> _requirements = [];

    public static LabelSelector Parse(string? text)
    {
        var selector = new LabelSelector();
        foreach (var requirement in Split(text ?? string.Empty))
        {
            selector._requirements.Add(ParseRequirement(requirement));
        }

        return selector;
    }

    public bool Matches(IReadOnlyDictionary<string, string> labels)
    {
        foreach (var holds in _requirements)
        {
            if (!holds(labels))
            {
                return false;
            }
        }

        return true;
    }

    private static Func<IReadOnlyDictionary<string, string>, bool> ParseRequirement(string text)
    {
        if (text.StartsWith('!'))
        {
            var absent = Key(text[1..], text);
            return labels => !labels.ContainsKey(absent);
        }

        if (text.EndsWith(')'))
        {
            return ParseSet(text);
        }

        var equals = text.IndexOf('=', StringComparison.Ordinal);
        if (equals < 0)
        {
            var present = Key(text, text);
            return labels => labels.ContainsKey(present);
        }

        var isNot = equals > 0 && text[equals - 1] == '!';
        var key = Key(text[..(isNot ? equals - 1 : equals)], text);
        var valueStart = equals + 1 < text.Length && text[equals + 1] == '=' && !isNot ? equals + 2 : equals + 1;
        var value = Value(text[valueStart..], text);
        return labels => (labels.TryGetValue(key, out var actual) && actual == value) != isNot;
    }

    private static Func<IReadOnlyDictionary<string, string>, bool> ParseSet(string text)
    {
        var open = text.IndexOf('(', StringComparison.Ordinal);
        var words = open < 0 ? [] : text[..open].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (words is not [var name, "in" or "notin"])
        {
            throw Unreadable(text);
        }

        var key = Key(name, text);
        var values = text[(open + 1)..^1].Split(',').Select(v => Value(v, text)).ToHashSet(StringComparer.Ordinal);
        var isIn = words[1] == "in";
        return labels => (labels.TryGetValue(key, out var actual) && values.Contains(actual)) == isIn;
    }

    private static IEnumerable<string> Split(string text)
    {
        var start = 0;
        var inSet = false;
        for (var i = 0; i <= text.Length; i++)
        {
            if (i == text.Length || (text[i] == ',' && !inSet))
            {
                var requirement = text[start..i].Trim();
                if (requirement.Length > 0)
                {
                    yield return requirement;
                }
                else if (text.AsSpan().Trim().Length > 0)
                {
                    throw Unreadable(text);
                }

                start = i + 1;
            }
            else if (text[i] is '(' or ')')
            {
                inSet = text[i] == '(';
            }
        }
    }

    private static string Key(string text, string requirement) =>
        NameRules.IsQualifiedName(text.Trim()) ? text.Trim() : throw Unreadable(requirement);

    private static string Value(string text, string requirement) =>
        NameRules.IsLabelValue(text.Trim()) ? text.Trim() : throw Unreadable(requirement);

    private static ApiError Unreadable(string text) => ApiError.BadRequest($"unable to parse requirement: \"{text}\" is not a label selector");
}
