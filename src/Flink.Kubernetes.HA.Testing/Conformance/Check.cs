using System.Diagnostics.CodeAnalysis;

namespace Flink.Kubernetes.HA.Testing.Conformance;

/// <summary>Assertions that need no test framework.</summary>
internal static class Check
{
    internal static void True([DoesNotReturnIf(false)] bool condition, string expectation)
    {
        if (!condition)
        {
            throw new ConformanceException($"Expected: {expectation}.");
        }
    }

    internal static void Equal<T>(T expected, T actual, string what)
    {
        if (!EqualityComparer<T>.Default.Equals(expected, actual))
        {
            throw new ConformanceException($"Expected {what} to be {Show(expected)}, but it is {Show(actual)}.");
        }
    }

    internal static string NotEmpty(string? value, string what) =>
        string.IsNullOrEmpty(value) ? throw new ConformanceException($"Expected {what} to be set.") : value;

    internal static void Sequence<T>(IEnumerable<T> expected, IEnumerable<T> actual, string what)
    {
        var (left, right) = (expected.ToList(), actual.ToList());
        if (!left.SequenceEqual(right))
        {
            throw new ConformanceException($"Expected {what} to be [{string.Join(", ", left)}], but it is [{string.Join(", ", right)}].");
        }
    }

    internal static async Task IsCancelledAsync(Func<Task> call, string what)
    {
        try
        {
            await call().ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return;
        }

        throw new ConformanceException($"Expected {what} to throw OperationCanceledException, but it ended as if nothing had happened.");
    }

    private static string Show<T>(T value) => value is null ? "null" : $"'{Short(value.ToString() ?? string.Empty)}'";

    private static string Short(string text) => text.Length <= 200 ? text : $"{text[..200]}... ({text.Length} characters)";
}
