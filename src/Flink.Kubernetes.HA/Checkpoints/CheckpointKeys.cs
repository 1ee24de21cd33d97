using System.Globalization;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.StateHandles;

namespace Flink.Kubernetes.HA.Checkpoints;

/// <summary>The keys of a job's ConfigMap.</summary>
internal static class CheckpointKeys
{
    public const string Prefix = "checkpointID-";
    public const string Counter = "counter";

    /// <summary>Of one length, so that the order of the keys is the order of the ids.</summary>
    private const int Digits = 19;

    public static string NameOf(long id) => id.ToString("D19", CultureInfo.InvariantCulture);

    /// <exception cref="StateHandleCorruptException">The key is not one of a checkpoint.</exception>
    public static long IdOf(ObjectKey configMap, string key) => TryParse(key.AsSpan(Prefix.Length)) ?? throw new StateHandleCorruptException(configMap, key, "its name is not the number of a checkpoint in 19 digits");

    /// <summary>The id that is handed out next: after the counter's word and after every checkpoint that there is.</summary>
    /// <exception cref="StateHandleCorruptException">The counter is not a number.</exception>
    public static long NextOf(ConfigMapContent content, ObjectKey configMap)
    {
        var counter = content.Data.TryGetValue(Counter, out var text)
            ? long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 ? number : throw new StateHandleCorruptException(configMap, Counter, "it is not a positive whole number")
            : 1;
        return content.Data.Keys.Where(key => key.StartsWith(Prefix, StringComparison.Ordinal)).Select(key => IdOf(configMap, key) + 1).Append(counter).Max();
    }

    private static long? TryParse(ReadOnlySpan<char> digits) =>
        digits.Length == Digits && long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id < long.MaxValue ? id : null;
}
