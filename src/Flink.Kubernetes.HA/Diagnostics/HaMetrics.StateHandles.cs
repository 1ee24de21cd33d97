using System.Diagnostics.Metrics;

namespace Flink.Kubernetes.HA.Diagnostics;

internal sealed partial class HaMetrics
{
    private Counter<long> _stateWrites = null!;
    private Counter<long> _dataLeftBehind = null!;
    private Histogram<long> _configMapSize = null!;

    public void StateWritten(string component, string outcome) => _stateWrites.Add(1, new("component", component), new("outcome", outcome));

    public void DataLeftBehind(string component) => _dataLeftBehind.Add(1, new KeyValuePair<string, object?>("component", component));

    public void ConfigMapSize(string component, long bytes) => _configMapSize.Record(bytes, new KeyValuePair<string, object?>("component", component));

    private partial void CreateStateHandleInstruments()
    {
        _stateWrites = _meter.CreateCounter<long>("flink.ha.state_handles.writes", "{write}", "Writes of pointers by outcome: written, refused, unknown (the answer was lost; counted again when it is settled as written).");
        _dataLeftBehind = _meter.CreateCounter<long>("flink.ha.state_handles.data_left_behind", "{datum}", "Data that nothing points to and that could not be deleted; a sweep removes it.");
        _configMapSize = _meter.CreateHistogram("flink.ha.state_handles.config_map.size", "By", "Size of ConfigMaps with pointers, at reads and writes; at 1,048,576 bytes they are full.", advice: new InstrumentAdvice<long> { HistogramBucketBoundaries = [1024, 16384, 131072, 262144, 524288, 786432, 943718, 1048576] });
    }
}
