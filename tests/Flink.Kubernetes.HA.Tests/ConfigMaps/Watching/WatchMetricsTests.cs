using System.Diagnostics.Metrics;

namespace Flink.Kubernetes.HA.Tests.ConfigMaps.Watching;

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

        var connection = await Server.NextConnectionAsync();
        connection.Bookmark("2");
        connection.End();
        (await Server.NextConnectionAsync()).Expire();
        (await Server.NextConnectionAsync()).Break();
        await NextConnectionWithinAsync(TimeSpan.FromSeconds(1));
        await NextConnectionWithinAsync(TimeSpan.FromMinutes(11));

        reasons.Should().Equal(["ended", "expired", "failed", "silent"]);
    }
}
