using System.Net;
using Flink.Kubernetes.HA.Testing;
using k8s;
using k8s.Autorest;

namespace Flink.Kubernetes.HA.Tests.Testing;

[Collection(SimulatedTime.Name)]
public sealed class FaultInjectingHandlerTests : FaultyCluster
{
    [Fact]
    public async Task A_fault_strikes_the_requests_that_it_is_about_and_as_often_as_it_says()
    {
        Faults.Inject(Fault.Fail(HttpStatusCode.Conflict) with { Verb = "create", Name = "b", After = 1, Times = 1 });
        await AddAsync("a");
        await AddAsync("b");

        (await RefusalOfAsync(() => AddAsync("b"))).Reason.Should().Be("Conflict");
        (await RefusalOfAsync(() => AddAsync("b"))).Reason.Should().Be("AlreadyExists");
        (Faults.CountCalls("create"), Faults.CountCalls("create", "configmaps", "b")).Should().Be((4, 3));
        Server.Requests.Should().HaveCount(3);
    }

    [Fact]
    public async Task A_withdrawn_fault_strikes_no_more()
    {
        Faults.Inject(Fault.Fail()).Dispose();

        await AddAsync("a");
    }

    [Theory]
    [InlineData("GET", "/api/v1/namespaces/n/configmaps/a", "get", "configmaps", "a")]
    [InlineData("GET", "/api/v1/namespaces/n/secrets", "list", "secrets", null)]
    [InlineData("GET", "/api/v1/configmaps?fieldSelector=metadata.name%3Da", "list", "configmaps", "a")]
    [InlineData("GET", "/apis/coordination.k8s.io/v1/leases?watch=1&fieldSelector=metadata.name%3Da", "watch", "leases.coordination.k8s.io", "a")]
    [InlineData("PUT", "/apis/apps/v1/namespaces/n/deployments/a/scale", "update", "deployments.apps/scale", "a")]
    [InlineData("PATCH", "/api/v1/namespaces/n/pods/a/status", "patch", "pods/status", "a")]
    [InlineData("DELETE", "/api/v1/nodes/a", "delete", "nodes", "a")]
    [InlineData("DELETE", "/api/v1/namespaces/n/pods", "deletecollection", "pods", null)]
    [InlineData("GET", "/api/v1/namespaces/n", "get", "namespaces", "n")]
    [InlineData("GET", "/version", "get", "/version", null)]
    public async Task What_a_request_is_about_is_read_from_its_URL(string method, string path, string verb, string resource, string? name)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(Faulty.BaseUri, path));

        using var response = await Faulty.HttpClient.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation);

        (Faults.CountCalls(), Faults.CountCalls(verb, resource), Faults.CountCalls(name: "a")).Should().Be((1, 1, name == "a" ? 1 : 0));
    }

    [Theory]
    [InlineData(HttpStatusCode.InternalServerError, "InternalError")]
    [InlineData(HttpStatusCode.ServiceUnavailable, "ServiceUnavailable")]
    [InlineData(HttpStatusCode.Forbidden, "Forbidden")]
    [InlineData(HttpStatusCode.UnprocessableEntity, "Invalid")]
    [InlineData(HttpStatusCode.Unauthorized, "Unauthorized")]
    public async Task A_failure_is_a_status_with_its_usual_reason_and_does_not_reach_the_server(HttpStatusCode status, string reason)
    {
        Faults.Inject(Fault.Fail(status));

        (await RefusalOfAsync(() => AddAsync("a"))).Should().Be((status, reason));
        Server.Requests.Should().BeEmpty();
    }

    [Fact]
    public async Task A_failure_can_ask_for_patience()
    {
        Faults.Inject(Fault.Fail(HttpStatusCode.TooManyRequests, retryAfter: TimeSpan.FromSeconds(3)));

        var response = (await FluentActions.Awaiting(() => AddAsync("a")).Should().ThrowAsync<HttpOperationException>()).Which.Response;

        response.Headers["Retry-After"].Should().Equal("3");
        response.Content.Should().Contain("\"retryAfterSeconds\":3");
    }

    [Fact]
    public async Task A_failure_may_come_after_the_effect()
    {
        Faults.Inject(Fault.Fail(HttpStatusCode.GatewayTimeout, afterEffect: true));

        (await RefusalOfAsync(() => AddAsync("a"))).Reason.Should().Be("Timeout");
        (await NamesAsync()).Should().Equal("a");
    }

    [Fact]
    public async Task Something_else_may_answer_in_place_of_the_server()
    {
        Faults.Inject(Fault.Respond(HttpStatusCode.OK, "<html>", headers: new Dictionary<string, string> { ["Location"] = "http://elsewhere/" }));

        using var response = await Faulty.HttpClient.GetAsync(Faulty.BaseUri, Cancellation);

        (await response.Content.ReadAsStringAsync(Cancellation)).Should().Be("<html>");
        response.Content.Headers.ContentType!.MediaType.Should().Be("text/html");
        response.Headers.Location.Should().Be(new Uri("http://elsewhere/"));
    }

    [Fact]
    public async Task Without_a_connection_nothing_was_sent()
    {
        Faults.Inject(Fault.NotConnected());

        (await ErrorOfAsync(() => AddAsync("a"))).Should().Be(HttpRequestError.ConnectionError);
        Server.Requests.Should().BeEmpty();
    }

    [Fact]
    public async Task A_lost_request_has_no_effect_and_a_lost_response_has_but_they_look_alike()
    {
        Faults.Inject(Fault.LoseRequest() with { Name = "a" });
        Faults.Inject(Fault.LoseResponse() with { Name = "b" });

        (await ErrorOfAsync(() => AddAsync("a"))).Should().Be(HttpRequestError.ResponseEnded);
        (await ErrorOfAsync(() => AddAsync("b"))).Should().Be(HttpRequestError.ResponseEnded);
        (await NamesAsync()).Should().Equal("b");
    }

    [Fact]
    public async Task A_late_delivery_takes_effect_after_its_caller_has_failed()
    {
        Faults.Inject(Fault.DeliverLate(TimeSpan.FromSeconds(5)));
        (await ErrorOfAsync(() => AddAsync("a"))).Should().Be(HttpRequestError.ResponseEnded);
        await AdvanceAsync(4);
        (await NamesAsync()).Should().BeEmpty();

        await AdvanceAsync(1);

        (await NamesAsync()).Should().Equal("a");
    }

    [Fact]
    public async Task A_late_delivery_does_not_outlive_itsFaulty()
    {
        Faults.Inject(Fault.DeliverLate(TimeSpan.FromSeconds(5)));
        (await ErrorOfAsync(() => AddAsync("a"))).Should().Be(HttpRequestError.ResponseEnded);

        Faulty.Dispose();
        await AdvanceAsync(10);

        Server.Requests.Should().BeEmpty();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_delay_holds_up_the_effect_or_the_answer(bool afterEffect)
    {
        Faults.Inject(Fault.Delay(TimeSpan.FromSeconds(5), afterEffect));
        var add = AddAsync("a");
        await AdvanceAsync(4);
        (await NamesAsync()).Should().HaveCount(afterEffect ? 1 : 0);
        add.IsCompleted.Should().BeFalse();

        await AdvanceAsync(1);

        await add;
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_hanging_request_ends_when_it_is_canceled(bool afterEffect)
    {
        Faults.Inject(Fault.Hang(afterEffect));
        using var source = new CancellationTokenSource();
        var add = Faulty.CoreV1.CreateNamespacedConfigMapAsync(NewMap(), Space, cancellationToken: source.Token);
        await AdvanceAsync(3600);
        add.IsCompleted.Should().BeFalse();

        await source.CancelAsync();

        await FluentActions.Awaiting(() => add).Should().ThrowAsync<OperationCanceledException>();
        (await NamesAsync()).Should().HaveCount(afterEffect ? 1 : 0);
    }

    [Fact]
    public async Task A_body_breaks_in_the_middle_after_the_effect()
    {
        Faults.Inject(Fault.CutBody(afterBytes: 10));

        await FluentActions.Awaiting(() => AddAsync("a")).Should().ThrowAsync<HttpIOException>();

        (await NamesAsync()).Should().Equal("a");
    }

    [Fact]
    public async Task A_stalled_body_brings_its_headers_and_its_beginning_and_then_nothing()
    {
        Faults.Inject(Fault.StallBody(afterBytes: 8));
        using var response = await Faulty.HttpClient.GetAsync(
            new Uri(Faulty.BaseUri, "/api/v1/configmaps"), HttpCompletionOption.ResponseHeadersRead, Cancellation);
        using var source = new CancellationTokenSource();
        var body = await response.Content.ReadAsStreamAsync(Cancellation);
        var buffer = new byte[100];

        (await body.ReadAsync(buffer, Cancellation)).Should().Be(8);
        var more = body.ReadAsync(buffer, source.Token).AsTask();
        await AdvanceAsync(3600);
        more.IsCompleted.Should().BeFalse();
        await source.CancelAsync();
        await FluentActions.Awaiting(() => more).Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact]
    public async Task It_works_above_any_handler()
    {
        using var faults = new FaultInjectingHandler { InnerHandler = Server.CreateHandler() };
        using var client = new HttpClient(faults);
        faults.Inject(Fault.Fail(HttpStatusCode.NotFound) with { Resource = "leases.coordination.k8s.io" });

        (await client.GetAsync(new Uri("http://any/apis/coordination.k8s.io/v1/leases"), Cancellation)).StatusCode.Should().Be(HttpStatusCode.NotFound);
        (await client.GetAsync(new Uri("http://any/api/v1/configmaps"), Cancellation)).StatusCode.Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public void A_fault_of_a_storage_is_refused() =>
        FluentActions.Invoking(() => Faults.Inject(Fault.BreakWrite(1))).Should().Throw<ArgumentException>().WithMessage("BreakWrite * FaultInjectingStateStorage*");

    [Fact]
    public void A_place_in_a_storage_is_refused() =>
        FluentActions.Invoking(() => Faults.Inject(Fault.Hang() with { Prefix = "a" })).Should().Throw<ArgumentException>().WithMessage("Prefix *");
}
