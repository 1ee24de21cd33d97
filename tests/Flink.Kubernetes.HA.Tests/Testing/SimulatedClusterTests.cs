using System.Collections.Concurrent;
using Flink.Kubernetes.HA.KubeClient;
using Xunit;

namespace Flink.Kubernetes.HA.Tests.Testing;

public sealed class SimulatedClusterTests : InMemoryCluster
{
    [Fact]
    public async Task Twenty_processes_that_write_every_two_seconds_lose_no_time_and_no_event_in_ten_minutes()
    {
        const int Processes = 20;
        const int Rounds = 300;
        var late = new ConcurrentBag<TimeSpan>();
        var start = Time.GetTimestamp();
        await CreateAsync(NewMap("a", ("k", "v")));
        var events = 0;
        var watcher = Task.Run(
            async () =>
            {
                await foreach (var change in Client.WatchAsync(KubeResources.ConfigMaps, "default", new WatchOptions { AllowBookmarks = false, Timeout = TimeSpan.FromMinutes(11) }, Cancellation))
                {
                    events++;
                }
            },
            Cancellation);
        var writers = Enumerable.Range(0, Processes).Select(number => Task.Run(() => WriteAsync(number), Cancellation)).ToArray();

        Assert.True(await Time.AdvanceUntilAsync(() => writers.All(w => w.IsCompleted), TimeSpan.FromMinutes(20), cancellationToken: Cancellation));
        await Task.WhenAll(writers);
        Assert.Equal(TimeSpan.FromSeconds(2 * Rounds), Time.GetElapsedTime(start));
        Assert.Empty(late);
        await Time.AdvanceAsync(TimeSpan.FromMinutes(2), cancellationToken: Cancellation);
        await watcher;
        Assert.Equal(1 + (Processes * Rounds), events);

        async Task WriteAsync(int number)
        {
            for (var round = 1; round <= Rounds; round++)
            {
                await Task.Delay(TimeSpan.FromSeconds(2), Time, Cancellation);
                await PatchAsync(JsonPatchOperation.Test("/data/k", "v"), JsonPatchOperation.Add($"/data/{number}", $"{round}"));
                if (Time.GetElapsedTime(start) != TimeSpan.FromSeconds(2 * round))
                {
                    late.Add(Time.GetElapsedTime(start));
                }
            }
        }
    }
}
