using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.Testing.Conformance.Storage;

internal static class KeyCases
{
    internal static IEnumerable<StateStorageConformanceCase> All =>
    [
        new("keys: odd characters are kept", OddKeys),
        new("keys: the longest segment and the longest key", LongKeys),
        new("keys: upper and lower case are two keys, or the second is refused", CaseMatters),
        new("keys: hostile ones are refused before the storage sees them", HostileKeys),
    ];

    private static async Task OddKeys(StorageRun run)
    {
        var keys = new[]
        {
            "a b/c d", "a+b/c+d", "100%/50%25", "a=b&c=d", "~tilde", "#hash/;semi", "quote'(x)", "at@home,$!", "\u00E4\u00F6\u00FC/\u00DF", "\u65E5\u672C/\u8A9E", "\U0001F600/x", "[x]{y}^`", "dot.in.it/x.", "-dash/_under",
        }.Where(key => StateKey.TryCreate(key) is not null).Order(StringComparer.Ordinal).ToList();
        Check.Equal(13, keys.Count, "the number of odd keys that are keys");
        foreach (var (key, i) in keys.Select((key, i) => (key, i)))
        {
            await run.WriteAsync(key, StorageRun.Bytes(10, seed: i)).ConfigureAwait(false);
        }

        Check.Sequence(keys, await run.KeysAsync().ConfigureAwait(false), "the keys");
        foreach (var (key, i) in keys.Select((key, i) => (key, i)))
        {
            StorageRun.Same(StorageRun.Bytes(10, seed: i), await run.ReadAsync(key).ConfigureAwait(false), $"the data of '{key}'");
            Check.Sequence([key], await run.KeysAsync(key).ConfigureAwait(false), $"the keys that begin with '{key}'");
            Check.True(await run.DeleteAsync(key).ConfigureAwait(false), $"'{key}' to be deleted");
        }

        Check.Equal(0, (await run.ListAsync().ConfigureAwait(false)).Count, "the number of entries at the end");
    }

    private static async Task LongKeys(StorageRun run)
    {
        var segment = new string('s', StateKey.MaximumSegmentBytes - 2) + "\u00E4";
        var key = string.Join('/', Enumerable.Repeat(segment, 3).Append(new string('x', StateKey.MaximumBytes - (3 * StateKey.MaximumSegmentBytes) - 3)));
        await run.WriteAsync(key, [1]).ConfigureAwait(false);
        Check.Sequence([key], await run.KeysAsync().ConfigureAwait(false), "the keys");
        StorageRun.Same([1], await run.ReadAsync(key).ConfigureAwait(false), "the data");
    }

    private static async Task CaseMatters(StorageRun run)
    {
        await run.WriteAsync("key", [1]).ConfigureAwait(false);
        try
        {
            await run.WriteAsync("KEY", [2]).ConfigureAwait(false);
            StorageRun.Same([2], await run.ReadAsync("KEY").ConfigureAwait(false), "the data of the second");
        }
        catch (StateStorageException exception) when (exception.Failure == StateStorageFailure.AlreadyExists)
        {
            // A file system that keeps no case apart.
        }

        StorageRun.Same([1], await run.ReadAsync("key").ConfigureAwait(false), "the data of the first");
    }

    private static Task HostileKeys(StorageRun run)
    {
        string[] hostile =
        [
            "", "/", "a/", "/a", "a//b", ".", "..", "../a", "a/../b", "a/..", "a/./b", ".unfinished/x", ".hidden", "a/.b", "a\\b", "..\\a", "C:\\a", "c:a", "a\0b", "a\nb", "a\u007Fb", " a", "a ", "a./b",
            "a*", "a?", "\ud800", "u\u0308", new string('a', StateKey.MaximumSegmentBytes + 1), string.Join('/', Enumerable.Repeat("0123456789", 100)), "~/../../etc/passwd", "file:///etc/passwd",
        ];
        foreach (var key in hostile)
        {
            try
            {
                _ = new StateKey(key);
            }
            catch (ArgumentException)
            {
                continue;
            }

            throw new ConformanceException($"Expected the key '{key}' to be refused.");
        }

        return run.IsAbsentAsync("etc/passwd");
    }
}
