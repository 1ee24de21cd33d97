using System.Text.RegularExpressions;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.StateHandles;

/// <summary>What keys of a ConfigMap entries may have.</summary>
internal static partial class EntryKeys
{
    /// <summary>Kubernetes allows 253; with the random end it has to be one segment of a storage's key.</summary>
    private const int MaximumLength = 160;

    /// <summary>The id of the ConfigMap's content, which the storage knows too.</summary>
    public const string OriginKey = "stateId";

    public const string OriginPrefix = "stateId-";

    public static string CheckPrefix(string prefix)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        return prefix != OriginPrefix && PrefixPattern().IsMatch(prefix) && prefix.Length < MaximumLength ? prefix : throw new ArgumentException(
            $"'{prefix}' can't begin keys: use letters, digits, '-', '_' and '.', beginning with a letter or digit and ending with '-', '_' or '.', such as 'jobGraph-'.", nameof(prefix));
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
                $"'{key}' can't be a key: use at most {MaximumLength} letters, digits, '-', '_' and '.', beginning and ending with a letter or digit.", parameter);
        }

        return key is HaNames.AddressKey or HaNames.SessionIdKey or HaNames.FencingTokenKey or OriginKey
            ? throw new ArgumentException($"'{key}' belongs to this library: take another key.", parameter)
            : key;
    }

    [GeneratedRegex(@"^[A-Za-z0-9][-._A-Za-z0-9]*[-._]\z", RegexOptions.CultureInvariant)]
    private static partial Regex PrefixPattern();

    [GeneratedRegex(@"^[A-Za-z0-9]([-._A-Za-z0-9]*[A-Za-z0-9])?\z", RegexOptions.CultureInvariant)]
    private static partial Regex KeyPattern();
}
