using System.Collections.Concurrent;

namespace Flink.Kubernetes.HA.Tests.Testing;

[Collection(SimulatedTime.Name)]
public sealed class SimulatedClusterTests : InMemoryCluster
{
    [Fact]
    public async Task Twenty_processes_that_write_every_two_seconds_lose_no_time_and_no_event_in_five_minutes()
    {
        const int Processes = 20;
        const int Rounds = 150;
        var late = new ConcurrentBag<TimeSpan>();
        var start = Time.GetTimestamp();
        await CreateAsync(NewMap("a", ("k", "v")));
        using var watch = await WatchAsync("&timeoutSeconds=360");
        var events = CountAsync();
        var writers = Enumerable.Range(0, Processes).Select(number => Task.Run(() => WriteAsync(number), Cancellation)).ToArray();

        (await Time.AdvanceUntilAsync(() => writers.All(w => w.IsCompleted), TimeSpan.FromMinutes(20), cancellationToken: Cancellation)).Should().BeTrue();
        await Task.WhenAll(writers);

        Time.GetElapsedTime(start).Should().Be(TimeSpan.FromSeconds(2 * Rounds));
        late.Should().BeEmpty();
        await AdvanceAsync(120);
        (await events).Should().Be(1 + (Processes * Rounds));

        async Task<int> CountAsync()
        {
            var count = 0;
            while (await watch.LineAsync() is not null)
            {
                count++;
            }

            return count;
        }

        async Task WriteAsync(int number)
        {
            using var client = Server.CreateClient($"process-{number}");
            for (var round = 1; round <= Rounds; round++)
            {
                await Task.Delay(TimeSpan.FromSeconds(2), Time, Cancellation);
                await PatchAsync("""{"op":"test","path":"/data/k","value":"v"}""", $$"""{"op":"add","path":"/data/{{number}}","value":"{{round}}"}""");
                if (Time.GetElapsedTime(start) != TimeSpan.FromSeconds(2 * round))
                {
                    late.Add(Time.GetElapsedTime(start));
                }
            }
        }
    }

    [Fact]
    public async Task Ten_minutes_with_an_open_watch_pass_in_less_than_ten_seconds()
    {
        var real = TimeProvider.System.GetTimestamp();
        using var watch = await WatchAsync("&timeoutSeconds=600&allowWatchBookmarks=true");
        var bookmarks = ReadAllAsync();

        await AdvanceAsync(601);

        (await bookmarks).Should().Be(10);
        TimeProvider.System.GetElapsedTime(real).Should().BeLessThan(TimeSpan.FromSeconds(10));

        async Task<int> ReadAllAsync()
        {
            var count = 0;
            while (await watch.LineAsync() is not null)
            {
                count++;
            }

            return count;
        }
    }
}
