using System.Collections.Immutable;

namespace Flink.Kubernetes.HA.TestInfrastructure.Model;

/// <summary>What is stored: the content of every live entry, and the counter under its key.</summary>
internal sealed class ModelState(ImmutableSortedDictionary<string, string> values) : IEquatable<ModelState>
{
    public static ModelState Empty { get; } = new(ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal));

    public string? this[string key] => values.GetValueOrDefault(key);

    public IEnumerable<string> Keys => values.Keys;

    public ModelState With(string key, string? value) => new(value is null ? values.Remove(key) : values.SetItem(key, value));

    public bool Equals(ModelState? other) => other is not null && ToString() == other.ToString();

    public override bool Equals(object? obj) => Equals(obj as ModelState);

    public override int GetHashCode() => ToString().GetHashCode(StringComparison.Ordinal);

    public override string ToString() => string.Join(',', values.Select(entry => $"{entry.Key}={entry.Value}"));
}
