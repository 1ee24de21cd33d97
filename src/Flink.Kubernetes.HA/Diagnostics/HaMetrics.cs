using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Flink.Kubernetes.HA.Diagnostics;

/// <summary>The instruments of the library, one set per instance of the services; docs/operations.md lists them.</summary>
internal sealed class HaMetrics : IDisposable
{
    private readonly Meter _meter;
    private readonly Histogram<double> _requestDuration;
    private readonly Counter<long> _watchRestarts;
    private readonly UpDownCounter<int> _leading;
    private readonly Counter<long> _termsWon;
    private readonly Histogram<double> _termDuration;
    private readonly Counter<long> _failedRenewals;
    private readonly Counter<long> _leaderChanges;
    private readonly Histogram<double> _listenerDuration;
    private readonly Counter<long> _stateWrites;
    private readonly Counter<long> _dataLeftBehind;
    private readonly Histogram<long> _configMapSize;

    public HaMetrics(IMeterFactory? meterFactory = null)
    {
        var version = typeof(HaMetrics).Assembly.GetName().Version?.ToString(3);
        _meter = meterFactory?.Create(new MeterOptions(HaTelemetry.SourceName) { Version = version })
            ?? new Meter(HaTelemetry.SourceName, version);
        _requestDuration = _meter.CreateHistogram(
            "flink.ha.kubernetes.request.duration",
            "s",
            "Time from sending a request to the API server until its response, by RBAC verb, resource and outcome (HTTP status or failure).",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] });
        _watchRestarts = _meter.CreateCounter<long>(
            "flink.ha.watch.restarts",
            "{restart}",
            "Watch connections that ended and were reopened, by resource and reason (ended, expired, silent, failed).");
        _leading = _meter.CreateUpDownCounter<int>("flink.ha.leader_election.leading", "{component}", "Components that this process leads now.");
        _termsWon = _meter.CreateCounter<long>("flink.ha.leader_election.terms", "{term}", "Terms of leadership that this process has acquired.");
        _termDuration = _meter.CreateHistogram(
            "flink.ha.leader_election.term.duration",
            "s",
            "Duration of the terms of this process, by the reason that ended them.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [1, 10, 60, 600, 3600, 21600, 86400, 604800] });
        _failedRenewals = _meter.CreateCounter<long>(
            "flink.ha.leader_election.failed_renewals", "{renewal}", "Renewals that failed or whose response was lost; they are retried until "
            + "the renew deadline.");
        _leaderChanges = _meter.CreateCounter<long>(
            "flink.ha.leader_retrieval.changes", "{change}", "Changes of a component's leader that retrieval has observed.");
        _listenerDuration = _meter.CreateHistogram(
            "flink.ha.leader_retrieval.listener.duration",
            "s",
            "Duration of one call to a listener; a slow listener skips intermediate changes.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10] });
        _stateWrites = _meter.CreateCounter<long>(
            "flink.ha.state_handles.writes", "{write}", "Writes of pointers by outcome: written, refused, unknown (the response was lost; "
            + "counted again if a read finds that it was written).");
        _dataLeftBehind = _meter.CreateCounter<long>(
            "flink.ha.state_handles.data_left_behind", "{datum}", "Data without a pointer that could not be deleted; a sweep removes it.");
        _configMapSize = _meter.CreateHistogram(
            "flink.ha.state_handles.config_map.size",
            "By",
            "Size of ConfigMaps with pointers, at reads and writes; the limit is 1,048,576 bytes.",
            advice: new InstrumentAdvice<long> { HistogramBucketBoundaries = [1024, 16384, 131072, 262144, 524288, 786432, 943718, 1048576] });
    }

    public static ActivitySource ActivitySource { get; } = new(HaTelemetry.SourceName, typeof(HaMetrics).Assembly.GetName().Version?.ToString(3));

    public void Dispose() => _meter.Dispose();

    public void RequestEnded(TimeSpan duration, string verb, string resource, string outcome)
    {
        if (_requestDuration.Enabled)
        {
            Record(_requestDuration, duration.TotalSeconds, new("verb", verb), new("resource", resource), new("outcome", outcome));
        }
    }

    public void WatchRestarted(string resource, string reason) => Add(_watchRestarts, new("resource", resource), new("reason", reason));

    public void TermWon(string component)
    {
        Add(_termsWon, new KeyValuePair<string, object?>("component", component));
        Lead(component, 1);
    }

    public void TermEnded(string component, string reason, TimeSpan duration)
    {
        Lead(component, -1);
        Record(_termDuration, duration.TotalSeconds, new("component", component), new("reason", reason));
    }

    public void RenewalFailed(string component) => Add(_failedRenewals, new KeyValuePair<string, object?>("component", component));

    public void LeaderChanged() => Add(_leaderChanges);

    public void ListenerCalled(TimeSpan duration) => Record(_listenerDuration, duration.TotalSeconds);

    public void StateWritten(string component, string outcome) => Add(_stateWrites, new("component", component), new("outcome", outcome));

    public void DataLeftBehind(string component) => Add(_dataLeftBehind, new KeyValuePair<string, object?>("component", component));

    public void ConfigMapSize(string component, long bytes) => Record(_configMapSize, bytes, new KeyValuePair<string, object?>("component", component));

#pragma warning disable CA1031 // Listeners are user code: an exception of theirs must not end a renewal, a watch or a release.
    private static void Add(Counter<long> counter, params ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        try
        {
            counter.Add(1, tags);
        }
        catch (Exception)
        {
        }
    }

    private static void Record<T>(Histogram<T> histogram, T value, params ReadOnlySpan<KeyValuePair<string, object?>> tags)
        where T : struct
    {
        try
        {
            histogram.Record(value, tags);
        }
        catch (Exception)
        {
        }
    }

    private void Lead(string component, int change)
    {
        try
        {
            _leading.Add(change, new KeyValuePair<string, object?>("component", component));
        }
        catch (Exception)
        {
        }
    }
#pragma warning restore CA1031
}
