using System.Diagnostics.CodeAnalysis;
using Flink.Kubernetes.HA.KubeClient;

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

    internal static void NotEqual<T>(T unexpected, T actual, string what)
    {
        if (EqualityComparer<T>.Default.Equals(unexpected, actual))
        {
            throw new ConformanceException($"Expected {what} to be something else than {Show(unexpected)}.");
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

    internal static void SameEntries(IReadOnlyDictionary<string, string>? expected, IReadOnlyDictionary<string, string>? actual, string what) =>
        Sequence(Entries(expected), Entries(actual), what);

    /// <summary>The call must fail in this way.</summary>
    internal static async Task<KubeClientException> FailsAsync(KubeFailure expected, Func<Task> call, string what)
    {
        try
        {
            await call().ConfigureAwait(false);
        }
        catch (KubeClientException exception)
        {
            if (exception.Failure != expected)
            {
                throw new ConformanceException($"Expected {what} to fail with {expected}, but it failed with {exception.Failure}: {exception.Message}", exception);
            }

            if (exception.IsOutcomeUnknown)
            {
                throw new ConformanceException($"The server refused {what}, so its outcome is known: {exception.Message}", exception);
            }

            return exception;
        }

        throw new ConformanceException($"Expected {what} to fail with {expected}, but it succeeded.");
    }

    /// <summary>The call must fail, be it in the client before anything is sent or in the server.</summary>
    internal static async Task IsRefusedAsync(Func<Task> call, string what, KubeFailure? byTheServer = null)
    {
        try
        {
            await call().ConfigureAwait(false);
        }
        catch (ArgumentException)
        {
            return;
        }
        catch (KubeClientException exception)
        {
            if (byTheServer is { } expected && exception.Failure != expected)
            {
                throw new ConformanceException($"Expected {what} to be refused with {expected}, but it was with {exception.Failure}: {exception.Message}", exception);
            }

            return;
        }

        throw new ConformanceException($"Expected {what} to be refused, but it succeeded.");
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
        catch (KubeClientException exception)
        {
            throw new ConformanceException($"Expected {what} to throw OperationCanceledException.", exception);
        }

        throw new ConformanceException($"Expected {what} to throw OperationCanceledException, but it ended as if nothing had happened.");
    }

    private static IEnumerable<string> Entries(IReadOnlyDictionary<string, string>? map) =>
        (map ?? new Dictionary<string, string>()).OrderBy(e => e.Key, StringComparer.Ordinal).Select(e => $"{e.Key}={Short(e.Value)}");

    private static string Show<T>(T value) => value is null ? "null" : $"'{Short(value.ToString() ?? string.Empty)}'";

    private static string Short(string text) => text.Length <= 200 ? text : $"{text[..200]}... ({text.Length} characters)";
}
