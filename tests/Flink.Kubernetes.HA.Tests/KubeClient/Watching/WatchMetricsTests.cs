using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.KubeClient;

namespace Flink.Kubernetes.HA.Tests.KubeClient.Watching;

/// <summary>Promise P10: each restart of a watch is counted by its reason.</summary>
public sealed class WatchMetricsTests : WatchTestBase
{
    [Fact]
    public async Task Restarts_are_counted_by_reason()
    {
        var reasons = new ConcurrentQueue<object?>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter.Name == HaTelemetry.SourceName && instrument.Name == "flink.ha.watch.restarts")
                {
                    self.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((_, _, tags, _) => reasons.Enqueue(tags.ToArray().Single(tag => tag.Key == "reason").Value));
        listener.Start();
        await using var subscription = Subscribe();

        var connection = await Client.NextConnectionAsync();
        connection.Bookmark("2");
        connection.End();
        (await Client.NextConnectionAsync()).Fail(KubeFailure.Gone);
        (await Client.NextConnectionAsync()).Fail(KubeFailure.Unavailable);
        await NextConnectionWithinAsync(TimeSpan.FromSeconds(1));
        await NextConnectionWithinAsync(TimeSpan.FromMinutes(11));

        Assert.Equal(["ended", "expired", "failed", "silent"], reasons);
    }
}
