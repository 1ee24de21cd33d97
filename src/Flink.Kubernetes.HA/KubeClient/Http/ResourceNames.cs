using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Flink.Kubernetes.HA.KubeClient.Http;

/// <summary>Lets only such names into a URL as Kubernetes could have stored: no path of one's own making.</summary>
internal static class ResourceNames
{
    private const int MaxLength = 253;

    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._:");

    public static void ThrowIfInvalid([NotNull] string? name, string what, string parameterName)
    {
        if (string.IsNullOrEmpty(name))
        {
            throw new ArgumentException($"The {what} is empty. Give the {what} of a Kubernetes object.", parameterName);
        }

        if (name.Length > MaxLength || name is "." or ".." || name.AsSpan().ContainsAnyExcept(Allowed))
        {
            throw new ArgumentException(
                $"\"{Excerpt.Of(name)}\" can't be the {what} of a Kubernetes object: use at most {MaxLength} letters a-z, digits, '-' and '.'.",
                parameterName);
        }
    }
}
