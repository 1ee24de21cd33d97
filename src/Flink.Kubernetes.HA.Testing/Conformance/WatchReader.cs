using Flink.Kubernetes.HA.KubeClient;

namespace Flink.Kubernetes.HA.Testing.Conformance;

/// <summary>Reads the events of one watch one by one.</summary>
internal sealed class WatchReader<T>(IAsyncEnumerator<WatchEvent<T>> events) : IAsyncDisposable
    where T : KubeObject
{
    /// <summary>The next event that is not a bookmark, or <see langword="null"/> when the watch has ended.</summary>
    internal async Task<WatchEvent<T>?> NextOrEndAsync()
    {
        while (await events.MoveNextAsync().ConfigureAwait(false))
        {
            if (events.Current.Type != WatchEventType.Bookmark)
            {
                return events.Current;
            }
        }

        return null;
    }

    internal async Task<WatchEvent<T>> NextAsync() =>
        await NextOrEndAsync().ConfigureAwait(false) ?? throw new ConformanceException("The watch ended before an event that must come.");

    internal async Task<WatchEvent<T>> NextAsync(WatchEventType type, string name)
    {
        var next = await NextAsync().ConfigureAwait(false);
        Check.Equal($"{type} {name}", $"{next.Type} {next.Object.Metadata.Name}", "the next event");
        Check.NotEmpty(next.Object.Metadata.ResourceVersion, $"the resourceVersion in the event {type} {name}");
        return next;
    }

    internal async Task<IReadOnlyList<WatchEvent<T>>> TakeAsync(int count)
    {
        var taken = new List<WatchEvent<T>>(count);
        while (taken.Count < count)
        {
            taken.Add(await NextAsync().ConfigureAwait(false));
        }

        return taken;
    }

    public ValueTask DisposeAsync() => events.DisposeAsync();
}
