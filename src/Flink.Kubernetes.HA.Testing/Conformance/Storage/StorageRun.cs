using System.Security.Cryptography;
using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.Testing.Conformance.Storage;

/// <summary>One run of one case: an empty storage, and short ways to use it.</summary>
internal sealed class StorageRun(StateStorageHarness harness, string name, IStateStorage storage, CancellationToken cancellationToken)
{
    internal IStateStorage Storage { get; } = storage;

    internal CancellationToken Token { get; } = cancellationToken;

    /// <summary>The same data, as another process has it.</summary>
    internal Task<IStateStorage> ReopenAsync() => harness.OpenAsync(name, Token);

    internal Task<StoredState> WriteAsync(string key, byte[] content) => Storage.WriteAsync(new StateKey(key), content, Token);

    internal Task<StoredState> WriteAsync(string key, Stream content, IProgress<long>? progress = null) =>
        Storage.WriteAsync(new StateKey(key), content, progress, Token);

    internal async Task<byte[]> ReadAsync(string key)
    {
        var stream = await Storage.OpenReadAsync(new StateKey(key), Token).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            using var bytes = new MemoryStream();
            await stream.CopyToAsync(bytes, Token).ConfigureAwait(false);
            return bytes.ToArray();
        }
    }

    internal Task<bool> DeleteAsync(string key) => Storage.DeleteAsync(new StateKey(key), Token);

    internal async Task<List<StateEntry>> ListAsync(string prefix = "")
    {
        var entries = new List<StateEntry>();
        await foreach (var entry in Storage.ListAsync(prefix, Token).ConfigureAwait(false))
        {
            entries.Add(entry);
        }

        return entries;
    }

    internal async Task<IEnumerable<string>> KeysAsync(string prefix = "") =>
        (await ListAsync(prefix).ConfigureAwait(false)).Select(entry => entry.Key.Value).Order(StringComparer.Ordinal);

    /// <summary>Nothing may be seen of a write that failed.</summary>
    internal async Task IsAbsentAsync(string key)
    {
        Check.True(!(await KeysAsync().ConfigureAwait(false)).Contains(key), $"'{key}' is not listed");
        await FailsAsync(StateStorageFailure.NotFound, () => ReadAsync(key), $"reading '{key}'").ConfigureAwait(false);
    }

    internal static byte[] Bytes(int count, int seed = 1)
    {
        var bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    internal static string Sha256(ReadOnlySpan<byte> content) => Convert.ToHexStringLower(SHA256.HashData(content));

    internal static void Same(byte[] expected, byte[] actual, string what)
    {
        Check.Equal(expected.Length, actual.Length, $"the length of {what}");
        Check.True(expected.AsSpan().SequenceEqual(actual), $"{what} to be what was written");
    }

    /// <summary>The call must fail in this way, for a reason that is known for sure.</summary>
    internal static async Task<StateStorageException> FailsAsync(StateStorageFailure expected, Func<Task> call, string what)
    {
        try
        {
            await call().ConfigureAwait(false);
        }
        catch (StateStorageException exception)
        {
            Check.True(exception.Failure == expected, $"{what} to fail with {expected}, not with {exception.Failure}: {exception.Message}");
            Check.True(!exception.IsOutcomeUnknown, $"the outcome of {what} to be known: {exception.Message}");
            return exception;
        }

        throw new ConformanceException($"Expected {what} to fail with {expected}, but it succeeded.");
    }
}
