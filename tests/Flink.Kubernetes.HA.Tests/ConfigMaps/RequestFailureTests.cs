namespace Flink.Kubernetes.HA.Tests.ConfigMaps;

/// <summary>What a refusal means, in the server's words and with advice.</summary>
public sealed class RequestFailureTests : RequestTest
{
    private const string Page = "<html>\r\n<h1>Corporate proxy</h1>";

    private static readonly string[] Writes = ["create", "patch", "delete"];

    /// <summary>The server's words in 403, by what refused the request; the first two are from a real server.</summary>
    public static TheoryData<string, string, string?> Denials => new()
    {
        {
            "quota",
            "configmaps \"orders-dispatcher-leader\" is forbidden: exceeded quota: object-counts, requested: configmaps=1, used: configmaps=10, limited: configmaps=10",
            "Raise the ResourceQuota of namespace \"ns\""
        },
        {
            "rbac",
            "configmaps is forbidden: User \"system:serviceaccount:default:orders\" cannot create resource \"configmaps\" in API group \"\" in the namespace \"default\"",
            "Grant verb \"create\" on resource \"configmaps\" in namespace \"ns\""
        },
        {
            "terminating",
            "configmaps \"a\" is forbidden: unable to create new content in namespace ns because it is being terminated",
            "Namespace \"ns\" is being deleted"
        },
        { "admission", "admission webhook \"policy.example\" denied the request: you cannot do that", "An admission policy of the cluster refused it" },
        { "other", "the moon is not in the right phase", null },
    };

    // A reason of null stands for an answer that is no Status.
    [Theory]
    [InlineData(400, "BadRequest", KubernetesFailure.BadRequest)]
    [InlineData(401, "Unauthorized", KubernetesFailure.Unauthorized)]
    [InlineData(403, "Forbidden", KubernetesFailure.Forbidden)]
    [InlineData(404, "NotFound", KubernetesFailure.NotFound)]
    [InlineData(405, "MethodNotAllowed", KubernetesFailure.Other)]
    [InlineData(409, "AlreadyExists", KubernetesFailure.AlreadyExists)]
    [InlineData(409, "Conflict", KubernetesFailure.Conflict)]
    [InlineData(410, "Expired", KubernetesFailure.Gone)]
    [InlineData(413, "RequestEntityTooLarge", KubernetesFailure.TooLarge)]
    [InlineData(415, "UnsupportedMediaType", KubernetesFailure.Other)]
    [InlineData(422, "Invalid", KubernetesFailure.Invalid)]
    [InlineData(429, "TooManyRequests", KubernetesFailure.TooManyRequests)]
    [InlineData(500, "InternalError", KubernetesFailure.Unavailable, true)]
    [InlineData(503, "ServiceUnavailable", KubernetesFailure.Unavailable, true)]
    [InlineData(504, "Timeout", KubernetesFailure.Unavailable, true)]
    [InlineData(302, null, KubernetesFailure.UnexpectedResponse)]
    [InlineData(400, null, KubernetesFailure.UnexpectedResponse)]
    [InlineData(401, null, KubernetesFailure.Unauthorized)]
    [InlineData(403, null, KubernetesFailure.UnexpectedResponse)]
    [InlineData(404, null, KubernetesFailure.UnexpectedResponse)]
    [InlineData(409, null, KubernetesFailure.UnexpectedResponse)]
    [InlineData(410, null, KubernetesFailure.UnexpectedResponse)]
    [InlineData(408, null, KubernetesFailure.Unavailable, true)]
    [InlineData(429, null, KubernetesFailure.TooManyRequests)]
    [InlineData(500, null, KubernetesFailure.Unavailable, true)]
    [InlineData(502, null, KubernetesFailure.Unavailable, true)]
    [InlineData(503, null, KubernetesFailure.Unavailable, true)]
    [InlineData(504, null, KubernetesFailure.Unavailable, true)]
    public async Task A_refusal_has_one_meaning_and_tells_whether_a_write_may_have_taken_effect(
        int status, string? reason, KubernetesFailure expected, bool mayHaveTakenEffect = false)
    {
        Responds(() => reason is null ? Answer.Text(status, Page, "text/html") : Answer.Status(status, reason));
        foreach (var verb in (IEnumerable<string>)Verbs.Select(row => row.Data))
        {
            var failure = await FailureOfAsync(verb);

            failure.Failure.Should().Be(expected);
            failure.IsOutcomeUnknown.Should().Be(mayHaveTakenEffect && Writes.Contains(verb));
            failure.Message.Contains("may have taken effect", StringComparison.Ordinal).Should().Be(failure.IsOutcomeUnknown);
            (failure.StatusCode, failure.Reason).Should().Be(((HttpStatusCode)status, reason));
            var name = verb is "list" or "watch" ? null : "a";
            (failure.Verb, failure.Resource, failure.Namespace, failure.ObjectName).Should().Be((verb, "configmaps", "ns", name));
            failure.Message.Should().StartWith(name is null ? $"{verb} configmaps in ns: " : $"{verb} configmaps ns/a: ")
                .And.Contain(reason is null ? "<html>  <h1>Corporate proxy</h1>" : "said the server");
        }

        Handler.Sent.Should().HaveCount(6);
    }

    [Theory]
    [MemberData(nameof(Denials))]
    public async Task Advice_for_403_depends_on_what_refused_it(string denial, string message, string? advice)
    {
        Responds(() => Answer.Status(403, "Forbidden", message));

        var failure = await FailureOfAsync("create");

        failure.Failure.Should().Be(KubernetesFailure.Forbidden);
        failure.Denial.Should().Be(denial);
        failure.Message.Should().Contain(message);
        failure.Message.Split(". ")[1..].Should().HaveCount(advice is null ? 0 : 1);
        failure.Message.Should().Contain(advice ?? ".");
    }

    [Theory]
    [InlineData("ValidatingAdmissionPolicy 'small' with binding 'b' denied request: too large", "admission")]
    [InlineData("pods \"a\" is forbidden: violates PodSecurity \"restricted:latest\"", "other")]
    public async Task Other_admission_is_distinguished_from_RBAC(string message, string denial)
    {
        Responds(() => Answer.Status(403, "Forbidden", message));

        (await FailureOfAsync("patch")).Denial.Should().Be(denial);
    }

    [Fact]
    public async Task A_new_reason_of_a_403_is_a_new_kind_of_failure_and_the_same_one_is_not()
    {
        var failures = new List<KubernetesHaException>();
        foreach (var message in Denials.Select(row => row.Data.Item2))
        {
            Responds(() => Answer.Status(403, "Forbidden", message));
            failures.Add(await FailureOfAsync("create"));
        }

        var (patch, again) = (await FailureOfAsync("patch"), await FailureOfAsync("create"));
        failures.Should().AllSatisfy(one => failures.Count(one.IsSameKind).Should().Be(1));
        failures[^1].IsSameKind(again).Should().BeTrue();
        again.IsSameKind(patch).Should().BeFalse();
        again.IsSameKind(null).Should().BeFalse();
    }

    [Theory]
    [InlineData("3", null, 3)]
    [InlineData("Tue, 01 Nov 2022 10:00:04 GMT", "Tue, 01 Nov 2022 10:00:00 GMT", 4)]
    [InlineData("Tue, 01 Nov 2022 10:00:04 GMT", "Tue, 01 Nov 2022 10:00:09 GMT", null)]
    [InlineData("Tue, 01 Nov 2022 10:00:04 GMT", null, null)]
    [InlineData("0", null, null)]
    [InlineData("-1", null, null)]
    [InlineData("soon", null, null)]
    public async Task The_wait_that_the_server_asks_for_is_read_by_its_own_clock_in_any_culture(string wait, string? date, int? seconds)
    {
        CultureInfo.CurrentCulture = new CultureInfo("th-TH");
        (string, string)[] headers = date is null ? [("Retry-After", wait)] : [("Retry-After", wait), ("Date", date)];
        Responds(() => Answer.Status(429, "TooManyRequests", headers: headers));

        foreach (var verb in (string[])["get", "patch", "watch"])
        {
            (await FailureOfAsync(verb)).RetryAfter.Should().Be(seconds is null ? null : TimeSpan.FromSeconds(seconds.Value));
        }
    }

    [Fact]
    public async Task The_wait_may_be_in_the_details_of_the_status()
    {
        var status = Answer.StatusJson(429, "TooManyRequests", "busy");
        status["details"] = new JsonObject { ["retryAfterSeconds"] = 7 };
        Responds(429, status.ToJsonString());

        (await FailureOfAsync("create")).RetryAfter.Should().Be(TimeSpan.FromSeconds(7));
    }

    public static TheoryData<Exception, KubernetesFailure, bool> Breaks => new()
    {
        { new HttpRequestException(HttpRequestError.ConnectionError, "x"), KubernetesFailure.Unavailable, false },
        { new HttpRequestException(HttpRequestError.NameResolutionError, "x"), KubernetesFailure.Unavailable, false },
        { new HttpRequestException(HttpRequestError.SecureConnectionError, "x"), KubernetesFailure.Unavailable, false },
        { new HttpRequestException(HttpRequestError.ProxyTunnelError, "x"), KubernetesFailure.Unavailable, false },
        { new HttpRequestException(HttpRequestError.ResponseEnded, "x"), KubernetesFailure.Unavailable, true },
        { new HttpRequestException(HttpRequestError.HttpProtocolError, "x"), KubernetesFailure.Unavailable, true },
        { new HttpRequestException(HttpRequestError.Unknown, "x", new IOException("reset")), KubernetesFailure.Unavailable, true },
        { new IOException("x"), KubernetesFailure.Unavailable, true },
        { new TaskCanceledException("x"), KubernetesFailure.Unavailable, true },
        // The connect timeout of the runtime, and HttpClient.Timeout, which may pass after the request was sent.
        { new TaskCanceledException("x", new TimeoutException("connect")), KubernetesFailure.Unavailable, false },
        { new TaskCanceledException("x", new TimeoutException("whole", new TaskCanceledException())), KubernetesFailure.Unavailable, true },
        { new InvalidCastException("x"), KubernetesFailure.Other, true },
        { new KubernetesHaException(KubernetesFailure.Configuration, "no token"), KubernetesFailure.Configuration, false },
    };

    [Theory]
    [MemberData(nameof(Breaks), DisableDiscoveryEnumeration = true)]
    public async Task A_write_that_may_have_reached_the_server_is_distinguished_from_one_that_was_not_sent(Exception thrown, KubernetesFailure expected, bool wasPerhapsSent)
    {
        Throws(thrown);
        foreach (var verb in (IEnumerable<string>)Verbs.Select(row => row.Data))
        {
            var failure = await FailureOfAsync(verb);

            failure.Failure.Should().Be(expected);
            failure.IsOutcomeUnknown.Should().Be(wasPerhapsSent && Writes.Contains(verb));
            failure.InnerException.Should().BeSameAs(thrown);
            failure.Message.Should().Contain(thrown.GetBaseException().Message);
        }
    }

    [Fact]
    public async Task A_time_limit_that_somebody_set_on_the_HttpClient_leaves_the_outcome_unknown()
    {
        Client.HttpClient.Timeout = TimeSpan.FromMilliseconds(1);
        Hangs();

        (await FailureOfAsync("patch")).IsOutcomeUnknown.Should().BeTrue();
    }
}
