using System.Globalization;
using System.Text.Json.Nodes;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.LeaderElection;

/// <summary>The writes of the protocol: each is one atomic request that takes effect only on the state it was made for.</summary>
internal static class LockPatches
{
    private static readonly string LockPath = JsonPatchOperation.Path("metadata", "annotations", HaNames.LockAnnotation);
    private static readonly string TermPath = JsonPatchOperation.Path("metadata", "annotations", HaNames.TermAnnotation);
    private static readonly string AddressPath = JsonPatchOperation.Path("data", HaNames.AddressKey);
    private static readonly string SessionIdPath = JsonPatchOperation.Path("data", HaNames.SessionIdKey);
    private static readonly string FencingTokenPath = JsonPatchOperation.Path("data", HaNames.FencingTokenKey);

    /// <summary>Takes or repairs the lock if the object is still at the version that was seen; the object may lack anything.</summary>
    public static KubePatch Take(string resourceVersion, string clusterId, string lockRecord, TermRecord term)
    {
        var labels = new JsonObject();
        foreach (var (key, value) in HaNames.Labels(clusterId))
        {
            labels[key] = value;
        }

        return KubePatch.Merge(new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["resourceVersion"] = resourceVersion,
                ["labels"] = labels,
                ["annotations"] = new JsonObject { [HaNames.LockAnnotation] = lockRecord, [HaNames.TermAnnotation] = term.ToJson() },
            },
            ["data"] = new JsonObject
            {
                [HaNames.SessionIdKey] = term.SessionId.ToString(),
                [HaNames.FencingTokenKey] = term.FencingToken.ToString(CultureInfo.InvariantCulture),
                [HaNames.AddressKey] = term.Address,
            },
        });
    }

    /// <summary>Renews the lock if it is still the one that was written last, and says again whose term it is and where.</summary>
    /// <remarks>Saying it again costs nothing on the server and undoes what others may have edited.</remarks>
    public static KubePatch Renew(string expectedRecord, string lockRecord, TermRecord term)
    {
        List<JsonPatchOperation> operations =
        [
            JsonPatchOperation.Test(LockPath, expectedRecord),
            JsonPatchOperation.Replace(LockPath, lockRecord),
            JsonPatchOperation.Add(TermPath, term.ToJson()),
            JsonPatchOperation.Add(SessionIdPath, term.SessionId.ToString()),
            JsonPatchOperation.Add(FencingTokenPath, term.FencingToken.ToString(CultureInfo.InvariantCulture)),
            JsonPatchOperation.Add(AddressPath, term.Address ?? string.Empty),
        ];
        if (term.Address is null)
        {
            // Removing what may be absent fails, so it is added first.
            operations.Add(JsonPatchOperation.Remove(AddressPath));
        }

        return KubePatch.Json(operations);
    }

    /// <summary>Gives the lock up if it is still the one that was written last. The token stays, for the next to exceed it.</summary>
    public static KubePatch Release(string expectedRecord, string releasedRecord, TermRecord term) => KubePatch.Json(
        JsonPatchOperation.Test(LockPath, expectedRecord),
        JsonPatchOperation.Replace(LockPath, releasedRecord),
        JsonPatchOperation.Add(TermPath, (term with { Address = null }).ToJson()),
        JsonPatchOperation.Add(AddressPath, string.Empty),
        JsonPatchOperation.Remove(AddressPath),
        JsonPatchOperation.Add(SessionIdPath, string.Empty),
        JsonPatchOperation.Remove(SessionIdPath));

    /// <summary>Gives the lock up if the object is still at the version that was seen; the object may lack anything.</summary>
    public static KubePatch ReleaseAt(string resourceVersion, string releasedRecord, TermRecord term) => KubePatch.Merge(new JsonObject
    {
        ["metadata"] = new JsonObject
        {
            ["resourceVersion"] = resourceVersion,
            ["annotations"] = new JsonObject
            {
                [HaNames.LockAnnotation] = releasedRecord,
                [HaNames.TermAnnotation] = (term with { Address = null }).ToJson(),
            },
        },
        ["data"] = new JsonObject { [HaNames.SessionIdKey] = null, [HaNames.AddressKey] = null },
    });

    /// <summary>Puts the fence of a term before a change to the same ConfigMap.</summary>
    public static KubePatch Fenced(string expectedRecord, Guid sessionId, IEnumerable<JsonPatchOperation> change) => KubePatch.Json(
        [JsonPatchOperation.Test(LockPath, expectedRecord), JsonPatchOperation.Test(SessionIdPath, sessionId.ToString()), .. change]);
}
