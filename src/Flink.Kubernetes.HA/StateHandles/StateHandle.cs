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
        IsBeingRemoved = pointer.IsDeleting;
    }

    /// <summary>The ConfigMap in which it is stored, as <c>namespace/name</c>.</summary>
    public string ConfigMap => ConfigMapKey.ToString();

    /// <summary>The key in the ConfigMap: the store's prefix and <see cref="Name"/>.</summary>
    public string Key { get; }

    /// <summary>The name within its store.</summary>
    public string Name { get; }

    /// <summary>The data to which the pointer refers.</summary>
    public StoredState State { get; }

    /// <summary>Whether the entry is marked for removal: it is treated as absent, and its data may be deleted.</summary>
    public bool IsBeingRemoved { get; }

    internal ObjectKey ConfigMapKey { get; }

    /// <summary>The exact text in the ConfigMap.</summary>
    internal string Text { get; }

    /// <summary>Returns the key and the location of the data.</summary>
    public override string ToString() => $"{Key} -> {State.Location}";
}
