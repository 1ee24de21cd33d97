using System.Buffers;

namespace Flink.Kubernetes.HA.KubeClient.Authentication;

/// <summary>Reads and checks the small texts that configuration is made of.</summary>
internal static class ConfigText
{
    private const int LongestNamespace = 63;
    private static readonly SearchValues<char> NamespaceCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-");

    /// <summary>The text of a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="origin">Who names the file, for the error.</param>
    public static string ReadFile(string path, string origin)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new KubeConfigException($"{origin}: cannot read the file '{path}': {e.Message} Check that it exists and that this process may read it.", e);
        }
    }

    /// <summary>A bearer token without the white space around it; the error does not show the token.</summary>
    public static string BearerToken(string text, string origin)
    {
        var token = text.Trim();
        if (token.Length == 0)
        {
            throw new KubeConfigException($"{origin}: the token is empty.");
        }

        return token.AsSpan().ContainsAnyExceptInRange('!', '~')
            ? throw new KubeConfigException($"{origin}: the token has white space or characters in it that a token cannot have. Is it really a bearer token?")
            : token;
    }

    /// <summary>The name of a namespace, which becomes a part of paths.</summary>
    public static string Namespace(string name, string origin)
    {
        var isLabel = name.Length is > 0 and <= LongestNamespace
            && !name.AsSpan().ContainsAnyExcept(NamespaceCharacters)
            && name[0] != '-'
            && name[^1] != '-';
        return isLabel
            ? name
            : throw new KubeConfigException($"{origin}: '{name}' is not the name of a namespace: 1 to 63 of a-z, 0-9 and -, neither first nor last a dash.");
    }
}
