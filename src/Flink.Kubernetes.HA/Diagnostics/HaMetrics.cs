using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Flink.Kubernetes.HA.Diagnostics;

/// <summary>The library's instruments: one set per services object; the parts lie with what they measure.</summary>
internal sealed partial class HaMetrics : IDisposable
{
    private readonly Meter _meter;

    public HaMetrics(IMeterFactory? meterFactory = null)
    {
        var version = typeof(HaMetrics).Assembly.GetName().Version?.ToString(3);
        _meter = meterFactory?.Create(new MeterOptions(HaTelemetry.SourceName) { Version = version })
            ?? new Meter(HaTelemetry.SourceName, version);
        CreateKubeClientInstruments();
        CreateWatchInstruments();
        CreateLeaderElectionInstruments();
        CreateLeaderRetrievalInstruments();
        CreateStateHandleInstruments();
    }

    public static ActivitySource ActivitySource { get; } = new(HaTelemetry.SourceName, typeof(HaMetrics).Assembly.GetName().Version?.ToString(3));

    public void Dispose() => _meter.Dispose();

    // Each folder's instruments are created in its own part: HaMetrics.<Folder>.cs.
    private partial void CreateKubeClientInstruments();

    private partial void CreateWatchInstruments();

    private partial void CreateLeaderElectionInstruments();

    private partial void CreateLeaderRetrievalInstruments();

    private partial void CreateStateHandleInstruments();
}
