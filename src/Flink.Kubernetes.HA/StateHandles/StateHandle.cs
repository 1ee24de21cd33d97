using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.StateHandles;

/// <summary>A pointer in a ConfigMap, as it was read or written: it names data in a storage.</summary>
/// <remarks>It is also the proof of what was seen: a replacement or removal by handle takes effect only while this very pointer stands.</remarks>
public sealed record StateHandle
{
    internal StateHandle(ObjectKey configMap, string prefix, string key, string text, StatePointer pointer)
    {
        ConfigMap = configMap;
        Key = key;
        Name = key[prefix.Length..];
        Text = text;
        State = pointer.State;
        IsBeingRemoved = pointer.IsDeleting;
    }

    /// <summary>The ConfigMap that it stands in.</summary>
    public ObjectKey ConfigMap { get; }

    /// <summary>The key in the ConfigMap: the store's prefix and <see cref="Name"/>.</summary>
    public string Key { get; }

    /// <summary>The name within its store.</summary>
    public string Name { get; }

    /// <summary>The data that it points to.</summary>
    public StoredState State { get; }

    /// <summary>Whether it is marked for removal: it counts as not there, and its data may be gone.</summary>
    public bool IsBeingRemoved { get; }

    /// <summary>The value in the ConfigMap, byte for byte.</summary>
    internal string Text { get; }

    /// <summary>Returns the key and where the data is.</summary>
    public override string ToString() => $"{Key} -> {State.Location}";
}
