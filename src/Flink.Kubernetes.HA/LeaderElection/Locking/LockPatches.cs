using System.Globalization;
using Flink.Kubernetes.HA.ConfigMaps;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.LeaderElection.Locking;

/// <summary>The writes of the protocol: each is one atomic request that takes effect only on the state for which it was made.</summary>
/// <remarks>
/// The two annotations are the truth and the fence. The entries in <c>data</c> are for people: they are written when the lock is taken
/// or released and when an address is published, and a refusal of them alone never costs the term.
/// </remarks>
internal static class LockPatches
{
    private static readonly string LockPath = PatchOperation.PathOf("metadata", "annotations", HaNames.LockAnnotation);
    private static readonly string TermPath = PatchOperation.PathOf("metadata", "annotations", HaNames.TermAnnotation);

    /// <summary>Replaces the record and the term, if both are still the expected ones.</summary>
    /// <param name="expected">The annotations as they must be stored.</param>
    /// <param name="next">The annotations to write.</param>
    /// <param name="data">The entries for people, whose parent must exist; empty for a renewal.</param>
    public static ConfigMapPatch Replace(LockTexts expected, LockTexts next, IEnumerable<KeyValuePair<string, string?>> data)
    {
        List<PatchOperation> operations =
            [PatchOperation.Test(LockPath, expected.Lock), PatchOperation.Test(TermPath, expected.Term), PatchOperation.Add(LockPath, next.Lock)];
        if (expected.Term != next.Term)
        {
            operations.Add(PatchOperation.Add(TermPath, next.Term));
        }

        foreach (var (key, value) in data)
        {
            // JSON Patch refuses to remove a member that is absent, so it is added first.
            var path = PatchOperation.PathOf("data", key);
            operations.Add(PatchOperation.Add(path, value ?? string.Empty));
            if (value is null)
            {
                operations.Add(PatchOperation.Remove(path));
            }
        }

        return ConfigMapPatch.Operations(operations);
    }

    /// <summary>Writes the record and the term if the object still has the version that was observed. A merge patch: annotations, labels
    /// and data may be missing or edited, and are restored.</summary>
    public static ConfigMapPatch WriteAt(string resourceVersion, string clusterId, LockTexts texts, IEnumerable<KeyValuePair<string, string?>> data) =>
        ConfigMapPatch.MergeAt(
            resourceVersion,
            HaNames.Labels(clusterId)!,
            [new(HaNames.ClusterIdAnnotation, clusterId), new(HaNames.LockAnnotation, texts.Lock), new(HaNames.TermAnnotation, texts.Term)],
            data);

    /// <summary>Prepends the fence of a term to a change of the same ConfigMap; the API server applies both or neither.</summary>
    public static ConfigMapPatch Fenced(LockTexts expected, IEnumerable<PatchOperation> change) => ConfigMapPatch.Operations(
        [PatchOperation.Test(LockPath, expected.Lock), PatchOperation.Test(TermPath, expected.Term), .. change]);

    /// <summary>The entries for people. Of a term that was released only the token stays, so that nobody is sent to a leader that has gone.</summary>
    public static KeyValuePair<string, string?>[] Data(TermRecord term, bool isReleased) =>
    [
        new(HaNames.SessionIdKey, isReleased ? null : term.SessionId.ToString()),
        new(HaNames.FencingTokenKey, term.FencingToken.ToString(CultureInfo.InvariantCulture)),
        new(HaNames.AddressKey, isReleased ? null : term.Address),
    ];
}

/// <summary>The texts of the two annotations that make a lock.</summary>
internal readonly record struct LockTexts(string Lock, string Term);
