using System.Text.RegularExpressions;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.StateHandles;

/// <summary>Validates the keys of entries in a ConfigMap.</summary>
internal static partial class EntryKeys
{
    /// <summary>Kubernetes allows 253; with its random suffix the key must fit into one segment of a key of the storage.</summary>
    private const int MaximumLength = 160;

    /// <summary>The ID of the ConfigMap's content, which the keys of its data contain.</summary>
    public const string StateId = "stateId";

    public static string CheckPrefix(string prefix)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        return PrefixPattern().IsMatch(prefix) && prefix.Length < MaximumLength ? prefix : throw new ArgumentException(
            $"'{prefix}' is not a valid prefix of keys: use letters, digits, '-', '_' and '.', beginning with a letter or digit and ending with "
            + "'-', '_' or '.', such as 'jobGraph-'.", nameof(prefix));
    }

    public static string Of(string prefix, string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return Check(prefix + name, nameof(name));
    }

    public static string Check(string key, string parameter)
    {
        ArgumentException.ThrowIfNullOrEmpty(key, parameter);
        if (key.Length > MaximumLength || !KeyPattern().IsMatch(key))
        {
            throw new ArgumentException(
                $"'{key}' is not a valid key: use at most {MaximumLength} letters, digits, '-', '_' and '.', beginning and ending with a letter "
                + "or digit.", parameter);
        }

        return key is HaNames.AddressKey or HaNames.SessionIdKey or HaNames.FencingTokenKey or StateId
            ? throw new ArgumentException($"'{key}' is reserved by this library: use another key.", parameter)
            : key;
    }

    [GeneratedRegex(@"^[A-Za-z0-9][-._A-Za-z0-9]*[-._]\z", RegexOptions.CultureInvariant)]
    private static partial Regex PrefixPattern();

    [GeneratedRegex(@"^[A-Za-z0-9]([-._A-Za-z0-9]*[A-Za-z0-9])?\z", RegexOptions.CultureInvariant)]
    private static partial Regex KeyPattern();
}
