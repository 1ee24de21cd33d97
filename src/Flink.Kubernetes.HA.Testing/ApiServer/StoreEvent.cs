namespace Flink.Kubernetes.HA.Testing.ApiServer;

/// <summary>One change of the store.</summary>
/// <param name="Revision">Its place in the order of all changes.</param>
/// <param name="Resource">The kind of the object.</param>
/// <param name="Before">The object before, or <see langword="null"/> when it was created.</param>
/// <param name="After">The object after, or <see langword="null"/> when it was deleted.</param>
internal sealed record StoreEvent(long Revision, ApiResource Resource, StoredObject? Before, StoredObject? After)
{
    public long Size => (Before?.Json.Length ?? 0) + (After?.Json.Length ?? 0);
}
