using System.Text.RegularExpressions;

namespace Flink.Kubernetes.HA.Testing.ApiServer;

/// <summary>Which names Kubernetes takes.</summary>
internal static partial class NameRules
{
    public const string SubdomainMessage =
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";

    public static bool IsSubdomain(string name) => name.Length <= 253 && Subdomain().IsMatch(name);

    public static bool IsDnsLabel(string name) => name.Length <= 63 && DnsLabel().IsMatch(name);

    public static bool IsLabelValue(string value) => value.Length == 0 || IsWord(value);

    public static bool IsConfigMapKey(string key) => key.Length <= 253 && key is not ("." or "..") && !key.StartsWith("..", StringComparison.Ordinal) && ConfigMapKey().IsMatch(key);

    /// <summary>A key of a label or an annotation: a word, with the subdomain of its owner and a slash before it or not.</summary>
    public static bool IsQualifiedName(string name)
    {
        var slash = name.IndexOf('/', StringComparison.Ordinal);
        return IsWord(name[(slash + 1)..]) && (slash < 0 || IsSubdomain(name[..slash]));
    }

    private static bool IsWord(string text) => text.Length <= 63 && Word().IsMatch(text);

    [GeneratedRegex(@"\A[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\z")]
    private static partial Regex Subdomain();

    [GeneratedRegex(@"\A[a-z0-9]([-a-z0-9]*[a-z0-9])?\z")]
    private static partial Regex DnsLabel();

    [GeneratedRegex(@"\A[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?\z")]
    private static partial Regex Word();

    [GeneratedRegex(@"\A[-._a-zA-Z0-9]+\z")]
    private static partial Regex ConfigMapKey();
}
