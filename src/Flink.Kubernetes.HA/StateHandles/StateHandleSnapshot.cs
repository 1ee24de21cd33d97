namespace Flink.Kubernetes.HA.StateHandles;

/// <summary>The entries of a store from one read of the ConfigMap.</summary>
public sealed class StateHandleSnapshot
{
    private readonly ConfigMapContent _content;

    internal StateHandleSnapshot(ConfigMapContent content, string prefix)
    {
        _content = content;
        List<StateHandle> handles = [];
        List<StateHandleException> unreadable = [];
        foreach (var key in content.Data.Keys.Where(key => key.StartsWith(prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            try
            {
                handles.Add(content.Find(prefix, key)!);
            }
            catch (StateHandleException exception)
            {
                unreadable.Add(exception);
            }
        }

        (Handles, Unreadable) = (handles, unreadable);
    }

    /// <summary>The ConfigMap that was read, as <c>namespace/name</c>.</summary>
    public string ConfigMap => _content.Key.ToString();

    /// <summary>The entries that can be read, in the order of their keys.</summary>
    public IReadOnlyList<StateHandle> Handles { get; }

    /// <summary>Why each of the other entries cannot be read. They are not absent: remove them by name if they are not needed.</summary>
    public IReadOnlyList<StateHandleException> Unreadable { get; }

    /// <summary>Returns a plain value of the same ConfigMap, by its full key, such as <c>counter</c>.</summary>
    /// <returns>The value, or <see langword="null"/> if there is none.</returns>
    public string? TryGetValue(string key) => _content.Data.GetValueOrDefault(key);

    /// <exception cref="StateHandleException">An entry cannot be read.</exception>
    internal StateHandleSnapshot ThrowIfUnreadable() => Unreadable is [var first, ..] ? throw first : this;
}
