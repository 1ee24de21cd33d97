using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.Testing.Conformance.Storage;

internal static class RaceCases
{
    private const int Writers = 16;

    internal static IEnumerable<StateStorageConformanceCase> All =>
    [
        new("race: of 16 writers of one key exactly one wins, 20 times", OneWriterWins),
        new("race: of 16 writers of 300 KB under one key exactly one wins", OneWriterOfMoreWins),
        new("race: readers never see a part of what is being written", ReadersSeeWholeData),
        new("race: of several deletes at least one is reported that there was data", SomeDeleteWins),
        new("race: writes and deletes in one folder do not disturb each other", WritesAndDeletesInOneFolder),
    ];

    private static async Task OneWriterWins(StorageRun run)
    {
        for (var round = 0; round < 20; round++)
        {
            await OneWinsAsync(run, $"round{round}/a", 100).ConfigureAwait(false);
        }
    }

    private static Task OneWriterOfMoreWins(StorageRun run) => OneWinsAsync(run, "a", 300 << 10);

    private static async Task OneWinsAsync(StorageRun run, string key, int size)
    {
        var storages = new List<IStateStorage> { run.Storage, await run.ReopenAsync().ConfigureAwait(false) };
        var wins = await Task.WhenAll(Enumerable.Range(0, Writers).Select(i => Task.Run(async () =>
        {
            try
            {
                return await storages[i % 2].WriteAsync(new StateKey(key), StorageRun.Bytes(size, seed: i), run.Token).ConfigureAwait(false);
            }
            catch (StateStorageException exception) when (exception is { Failure: StateStorageFailure.AlreadyExists, IsOutcomeUnknown: false })
            {
                return null;
            }
        }))).ConfigureAwait(false);
        Check.Equal(1, wins.Count(win => win is not null), "the number of writers that won");
        var winner = wins.ToList().FindIndex(win => win is not null);
        StorageRun.Same(StorageRun.Bytes(size, seed: winner), await run.Storage.ReadAllBytesAsync(wins[winner]!, run.Token).ConfigureAwait(false), "the data of the winner");
    }

    private static async Task ReadersSeeWholeData(StorageRun run)
    {
        for (var round = 0; round < 5; round++)
        {
            var key = $"round{round}";
            var content = StorageRun.Bytes(6 << 20, seed: round);
            var written = Task.Run(() => run.WriteAsync(key, content));
            while (true)
            {
                var isDone = written.IsCompleted;
                try
                {
                    StorageRun.Same(content, await run.ReadAsync(key).ConfigureAwait(false), "what is read during a write");
                    break;
                }
                catch (StateStorageException exception) when (exception.Failure == StateStorageFailure.NotFound && !isDone)
                {
                    Check.True((await run.ListAsync().ConfigureAwait(false)).TrueForAll(entry => entry.Size == content.Length), "nothing half to be listed");
                }
            }

            await written.ConfigureAwait(false);
        }
    }

    private static async Task SomeDeleteWins(StorageRun run)
    {
        await run.WriteAsync("a/b", [1]).ConfigureAwait(false);
        var found = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => run.DeleteAsync("a/b")))).ConfigureAwait(false);
        Check.True(found.Contains(true), "one of the deletes to say that there was data");
        await run.IsAbsentAsync("a/b").ConfigureAwait(false);
    }

    private static Task WritesAndDeletesInOneFolder(StorageRun run) => Task.WhenAll(Enumerable.Range(0, 8).Select(writer => Task.Run(async () =>
    {
        for (var i = 0; i < 25; i++)
        {
            var key = $"folder/below/w{writer}-{i}";
            await run.WriteAsync(key, [1, 2, 3]).ConfigureAwait(false);
            StorageRun.Same([1, 2, 3], await run.ReadAsync(key).ConfigureAwait(false), "the data");
            Check.True(await run.DeleteAsync(key).ConfigureAwait(false), "the delete to say that there was data");
        }
    })));
}
