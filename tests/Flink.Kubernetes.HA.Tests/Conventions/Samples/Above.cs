namespace Flink.Kubernetes.HA.Tests.Conventions.Samples.Above;

// What the types of Samples/Below.cs must not use.
internal sealed record Thing(int Number = 0)
{
    public static readonly object Shared = new();

    public static int Count() => 1;
}

internal sealed class ThingException : Exception;

internal static class ThingExtensions
{
    public static int Twice(this int number) => 2 * number;
}

internal sealed class Things<T>
{
    public sealed record Item;
}

internal sealed class UsesWhatItMay(Below.RightAlone below, k8s.IKubernetes client)
{
    public override string ToString() => $"{below}{client}";
}

internal sealed class WrongForeignType(k8s.Kubernetes client)
{
    public override string ToString() => $"{client}";
}
