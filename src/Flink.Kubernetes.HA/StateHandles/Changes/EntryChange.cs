using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.StateHandles.Writing;

namespace Flink.Kubernetes.HA.StateHandles.Changes;

/// <summary>What is to become of one key: from one text to another, where <see langword="null"/> is no entry.</summary>
internal abstract class EntryChange(string key)
{
    public string Key => key;

    /// <summary>The text that must stand for the change to be made.</summary>
    public string? Expected { get; protected set; }

    /// <summary>The text that stands after it.</summary>
    public string? Next { get; protected set; }

    /// <summary>The change of the ConfigMap's size, in bytes of keys and values.</summary>
    public long Growth => SizeOf(Next) - SizeOf(Expected);

    /// <summary>After a refusal: fits the change to what stands, or fails where the caller must decide.</summary>
    /// <param name="current">What stands.</param>
    /// <param name="configMap">Where.</param>
    /// <param name="contents">Deletes the data of a removal that is to be finished first.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public abstract ValueTask AdaptAsync(string? current, ObjectKey configMap, StoredContents contents, CancellationToken cancellationToken);

    /// <summary>Whether what stands can only be this change's doing.</summary>
    public virtual bool HasLeftItsMarkOn(string? current) => false;

    public IEnumerable<JsonPatchOperation> ToOperations()
    {
        var path = JsonPatchOperation.Path("data", key);
        yield return JsonPatchOperation.Test(path, Expected);
        if (Next == Expected)
        {
            yield break;
        }

        yield return Next is null ? JsonPatchOperation.Remove(path) : JsonPatchOperation.Add(path, Next);
    }

    private long SizeOf(string? text) => text is null ? 0 : key.Length + System.Text.Encoding.UTF8.GetByteCount(text);
}
