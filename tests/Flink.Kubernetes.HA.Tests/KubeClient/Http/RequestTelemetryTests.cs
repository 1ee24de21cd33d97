using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.Testing;
using Xunit;
using static Flink.Kubernetes.HA.Tests.KubeClient.Http.HttpTestClient;

namespace Flink.Kubernetes.HA.Tests.KubeClient.Http;

public sealed class RequestTelemetryTests
{
    [Fact]
    public async Task Every_attempt_is_measured_with_verb_resource_and_outcome()
    {
        using var factory = new OwnMeterFactory();
        using var metrics = new HaMetrics(factory);
        using var listener = new MeterListener();
        var outcomes = new ConcurrentQueue<string>();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Meter.Scope == factory)
            {
                l.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) =>
            outcomes.Enqueue($"{instrument.Name} {string.Join(' ', tags.ToArray().Select(t => $"{t.Key}={t.Value}"))}"));
        listener.Start();
        var clock = new ManualTimeProvider();
        var handler = new ScriptedHandler(
            ScriptedHandler.Text("down", 503, "text/plain"),
            ScriptedHandler.Json(ConfigMapJson),
            ScriptedHandler.Status(409, "Conflict"),
            ScriptedHandler.Throw(HttpRequestError.ResponseEnded));
        await using var client = Over(handler, clock, new KubeClientOptions { MaxRetryDelay = TimeSpan.FromSeconds(1) }, metrics: metrics);

        var get = client.GetAsync(KubeResources.ConfigMaps, Key, Token);
        await clock.WaitForTimersAsync(2, Token);
        clock.Advance(TimeSpan.FromSeconds(1));
        await get;
        await FailureOf(() => client.PatchAsync(KubeResources.ConfigMaps, Key, Patch, Token));
        await FailureOf(() => client.DeleteAsync(KubeResources.Leases, Key, null, Token));

        Assert.Equal(
            ["verb=get resource=configmaps outcome=503", "verb=get resource=configmaps outcome=200", "verb=patch resource=configmaps outcome=409", "verb=delete resource=leases.coordination.k8s.io outcome=Unavailable"],
            outcomes.Select(o => o.Replace("flink.ha.kube_client.request.duration ", string.Empty, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_call_is_one_client_span_and_leaves_the_callers_span_alone()
    {
        var ended = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == HaTelemetry.SourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = ended.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        using var callers = new Activity("callers").Start();
        await using var client = Over(new ScriptedHandler(ScriptedHandler.Status(404, "NotFound")));

        await FailureOf(() => client.GetAsync(KubeResources.ConfigMaps, Key, Token));

        var span = Assert.Single(ended, a => a.ParentSpanId == callers.SpanId);
        Assert.Equal(("kubernetes get configmaps", ActivityKind.Client, ActivityStatusCode.Error), (span.OperationName, span.Kind, span.Status));
        Assert.Equal((404, "NotFound"), (span.GetTagItem("http.response.status_code"), span.GetTagItem("error.type")));
        Assert.Empty(callers.TagObjects);
    }

    private sealed class OwnMeterFactory : IMeterFactory
    {
        private readonly List<Meter> _meters = [];

        public Meter Create(MeterOptions options)
        {
            options.Scope = this;
            var meter = new Meter(options);
            _meters.Add(meter);
            return meter;
        }

        public void Dispose() => _meters.ForEach(m => m.Dispose());
    }
}
