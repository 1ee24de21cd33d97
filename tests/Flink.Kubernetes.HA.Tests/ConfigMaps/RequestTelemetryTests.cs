using System.Diagnostics.Metrics;

namespace Flink.Kubernetes.HA.Tests.ConfigMaps;

/// <summary>Each attempt is a measurement, a client span and a debug message.</summary>
public sealed class RequestTelemetryTests() : RequestTest(maxRetries: 1)
{
    [Fact]
    public async Task Every_attempt_is_measured_by_verb_resource_and_outcome()
    {
        var outcomes = new ConcurrentQueue<string>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Name == "flink.ha.kubernetes.request.duration")
                {
                    self.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<double>((_, value, tags, _) =>
            outcomes.Enqueue($"{string.Join(' ', tags.ToArray().Select(tag => tag.Value))}{(value >= 10 ? " after 10 s" : string.Empty)}"));
        listener.Start();
        using var caller = new CancellationTokenSource();

        Responds(() => Answer.Text(503, "down", "text/plain"), () => Answer.Text(200, Answer.ConfigMap));
        await PassAsync(CallAsync("get"), TimeSpan.FromSeconds(1));
        Responds(() => Answer.Status(409, "Conflict"));
        await FailureOfAsync("patch");
        Throws(new HttpRequestException(HttpRequestError.ResponseEnded, "x"));
        await FailureOfAsync("delete");
        Responds(200, "<html>", "text/html");
        await FailureOfAsync("create");
        Responds(200, string.Empty);
        await CallAsync("watch");
        Hangs();
        var list = CallAsync("list");
        await PassAsync(list, TimeSpan.FromSeconds(10));
        var get = CallAsync("get", caller.Token);
        await Time.WaitForTimersAsync(1, Canceled);
        await caller.CancelAsync();
        await get.Awaiting(call => call).Should().ThrowAsync<OperationCanceledException>();

        outcomes.Should().Equal(
            "get configmaps 503",
            "get configmaps 200",
            "patch configmaps 409",
            "delete configmaps Unavailable",
            "create configmaps UnexpectedResponse",
            "watch configmaps 200",
            "list configmaps Timeout after 10 s",
            "get configmaps Canceled");
        Logs.Ids.Should().Equal(101, 102, 100, 101, 101, 101, 100, 101, 101);
        Logs.Of(100)[0].Should().StartWith("get configmaps ns/a: HTTP 200 after ");
        Logs.Of(101)[1].Should().StartWith("Conflict after ").And.Contain("patch configmaps ns/a: ");
        Logs.Entries.Should().OnlyContain(entry => entry.Level == Microsoft.Extensions.Logging.LogLevel.Debug);
    }

    [Fact]
    public async Task A_request_is_one_client_span_and_leaves_the_callers_span_alone()
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
        Responds(() => Answer.Status(404, "NotFound"), () => Answer.Text(200, Answer.ConfigMap));

        await FailureOfAsync("get");
        await CallAsync("patch");

        Activity.Current.Should().BeSameAs(callers);
        var spans = ended.Where(span => span.ParentSpanId == callers.SpanId).ToArray();
        spans.Select(span => (span.OperationName, span.Kind, span.Status)).Should().Equal(
            ("kubernetes get configmaps", ActivityKind.Client, ActivityStatusCode.Error), ("kubernetes patch configmaps", ActivityKind.Client, ActivityStatusCode.Unset));
        spans[0].TagObjects.Should().Contain(new KeyValuePair<string, object?>("error.type", "NotFound"))
            .And.Contain(new KeyValuePair<string, object?>("http.response.status_code", 404))
            .And.Contain(new KeyValuePair<string, object?>("server.address", "server.example"))
            .And.Contain(new KeyValuePair<string, object?>("server.port", 6443))
            .And.Contain(new KeyValuePair<string, object?>("k8s.namespace.name", "ns"))
            .And.Contain(new KeyValuePair<string, object?>("k8s.object.name", "a"));
        callers.TagObjects.Should().BeEmpty();
    }
}
