using System.Buffers;

namespace Flink.Kubernetes.HA.ConfigMaps;

/// <summary>The namespace and the name of a Kubernetes object.</summary>
internal readonly record struct ObjectKey(string Namespace, string Name)
{
    private const int MaximumLength = 253;

    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._:");

    /// <summary>Returns <c>namespace/name</c>, as messages name an object.</summary>
    public override string ToString() => $"{Namespace}/{Name}";

    /// <summary>Throws unless the namespace and the name are valid in Kubernetes.</summary>
    /// <remarks>The official client inserts names into the URL without escaping, so a malicious name would read another resource.</remarks>
    /// <exception cref="ArgumentException">The namespace or the name cannot be one of a Kubernetes object.</exception>
    public void ThrowIfInvalid()
    {
        ThrowIfInvalid(Namespace, "namespace");
        ThrowIfInvalid(Name, "name");
    }

    /// <summary>Whether the text can be a part of a URL of an object: a hostile one could name another resource.</summary>
    public static bool IsValid(string? value) =>
        !string.IsNullOrEmpty(value) && value.Length <= MaximumLength && value is not ("." or "..") && !value.AsSpan().ContainsAnyExcept(Allowed);

    public static void ThrowIfInvalid(string? value, string what)
    {
        if (string.IsNullOrEmpty(value))
        {
            throw new ArgumentException($"The {what} is empty. Specify the {what} of a Kubernetes object.");
        }

        if (!IsValid(value))
        {
            throw new ArgumentException(
                $"\"{RequestFailures.Excerpt(value)}\" cannot be the {what} of a Kubernetes object: use at most {MaximumLength} letters a-z, "
                + "digits, '-' and '.'.");
        }
    }
}
