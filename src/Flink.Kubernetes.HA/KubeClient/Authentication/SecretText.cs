using System.Text.RegularExpressions;

namespace Flink.Kubernetes.HA.KubeClient.Authentication;

/// <summary>Makes what a plugin prints to standard error fit for logs and errors.</summary>
internal static partial class SecretText
{
    private const int LongestTail = 2000;

    /// <summary>The end of the text, with what looks like a token or a key masked.</summary>
    public static string Mask(string text, string? knownSecret = null)
    {
        var masked = Secret().Replace(knownSecret is null ? text : text.Replace(knownSecret, "***", StringComparison.Ordinal), "***");
        return masked.Length <= LongestTail ? masked : $"... {masked[^LongestTail..]}";
    }

    // JSON Web Tokens, EKS tokens, long words after "Bearer" or a key that is named after a secret, and PEM keys.
    [GeneratedRegex(
        """eyJ[\w-]{5,}(\.[\w-]*){0,2}|k8s-aws-v1\.\S+|(?<=bearer\s+)\S{12,}|(?<=(token|password|secret|clientKeyData)"?\s*[:=]\s*"?)[^\s"]{12,}|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|$)""",
        RegexOptions.IgnoreCase | RegexOptions.Singleline | RegexOptions.CultureInvariant)]
    private static partial Regex Secret();
}
