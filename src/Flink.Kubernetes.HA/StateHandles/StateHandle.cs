using Flink.Kubernetes.HA.ConfigMaps;
using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.StateHandles;

/// <summary>A pointer in a ConfigMap to data in a storage, as it was read or written.</summary>
/// <remarks>A replacement or removal by handle takes effect only while exactly this pointer is stored.</remarks>
public sealed record StateHandle
{
    internal StateHandle(ObjectKey configMap, string prefix, string key, string text, StatePointer pointer)
    {
        ConfigMapKey = configMap;
        Key = key;
        Name = key[prefix.Length..];
        Text = text;
        State = pointer.State;
        IsAdopted = pointer.IsAdopted;
    }

    /// <summary>The ConfigMap in which it is stored, as <c>namespace/name</c>.</summary>
    public string ConfigMap => ConfigMapKey.ToString();

    /// <summary>The key in the ConfigMap: the store's prefix and <see cref="Name"/>.</summary>
    public string Key { get; }

    /// <summary>The name within its store.</summary>
    public string Name { get; }

    /// <summary>The data to which the pointer refers.</summary>
    public StoredState State { get; }

    /// <summary>Whether the data belongs to another ConfigMap, from which this one was copied: it is read, and never deleted.</summary>
    public bool IsAdopted { get; }

    internal ObjectKey ConfigMapKey { get; }

    /// <summary>The data to delete once nothing points to it, or <see langword="null"/> if it belongs to another ConfigMap.</summary>
    internal StateKey? OwnData => IsAdopted ? null : State.Key;

    /// <summary>The exact text in the ConfigMap.</summary>
    internal string Text { get; }

    /// <summary>Returns the key and that of the data.</summary>
    public override string ToString() => $"{Key} -> {State.Key}";
}
