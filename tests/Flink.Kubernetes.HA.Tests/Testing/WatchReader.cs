using Flink.Kubernetes.HA.KubeClient;
using Xunit;

namespace Flink.Kubernetes.HA.Tests.Testing;

/// <summary>Reads a watch event by event.</summary>
public sealed class WatchReader<T>(IAsyncEnumerator<WatchEvent<T>> events) : IAsyncDisposable
    where T : KubeObject
{
    public async Task<(WatchEventType Type, string? Name)> NextAsync()
    {
        var next = await NextEventAsync();
        return (next.Type, next.Object.Metadata.Name);
    }

    public async Task<WatchEvent<T>> NextEventAsync()
    {
        Assert.True(await events.MoveNextAsync());
        return events.Current;
    }

    public async Task<bool> EndsAsync() => !await events.MoveNextAsync();

    public Task<bool> MoveAsync() => events.MoveNextAsync().AsTask();

    public ValueTask DisposeAsync() => events.DisposeAsync();
}
