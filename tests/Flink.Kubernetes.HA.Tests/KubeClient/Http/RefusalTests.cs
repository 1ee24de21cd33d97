using System.Net;
using Flink.Kubernetes.HA.KubeClient;
using Xunit;
using static Flink.Kubernetes.HA.Tests.KubeClient.Http.HttpTestClient;

namespace Flink.Kubernetes.HA.Tests.KubeClient.Http;

public sealed class RefusalTests
{
    [Theory]
    [InlineData(400, "BadRequest", KubeFailure.BadRequest)]
    [InlineData(403, "Forbidden", KubeFailure.Forbidden)]
    [InlineData(404, "NotFound", KubeFailure.NotFound)]
    [InlineData(405, "MethodNotAllowed", KubeFailure.Other)]
    [InlineData(409, "AlreadyExists", KubeFailure.AlreadyExists)]
    [InlineData(409, "Conflict", KubeFailure.Conflict)]
    [InlineData(410, "Expired", KubeFailure.Gone)]
    [InlineData(413, "RequestEntityTooLarge", KubeFailure.TooLarge)]
    [InlineData(422, "Invalid", KubeFailure.Invalid)]
    [InlineData(429, "TooManyRequests", KubeFailure.TooManyRequests)]
    public async Task A_refused_write_certainly_had_no_effect(int status, string reason, KubeFailure expected)
    {
        var handler = new ScriptedHandler(ScriptedHandler.Status(status, reason));
        await using var client = Once(handler);

        var failure = await FailureOf(() => client.PatchAsync(KubeResources.ConfigMaps, Key, Patch, Token));

        Assert.Equal(expected, failure.Failure);
        Assert.False(failure.IsOutcomeUnknown);
        Assert.Equal((HttpStatusCode)status, failure.StatusCode);
        Assert.Equal((reason, "patch", "configmaps", "ns", "a"), (failure.Reason, failure.Verb, failure.Resource, failure.Namespace, failure.ObjectName));
        Assert.StartsWith("patch configmaps ns/a: ", failure.Message, StringComparison.Ordinal);
        Assert.Contains("said the server", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(500)]
    [InlineData(502)]
    [InlineData(503)]
    [InlineData(504)]
    [InlineData(408)]
    public async Task A_write_that_the_server_failed_at_has_an_unknown_outcome_and_is_not_repeated(int status)
    {
        var handler = new ScriptedHandler(ScriptedHandler.Text("<html>Bad gateway</html>", status, "text/html"));
        await using var client = Over(handler);

        var failure = await FailureOf(() => client.ReplaceAsync(KubeResources.ConfigMaps, Item, Token));

        Assert.Equal(KubeFailure.Unavailable, failure.Failure);
        Assert.True(failure.IsOutcomeUnknown);
        Assert.Contains("may have taken effect", failure.Message, StringComparison.Ordinal);
        Assert.Single(handler.Sent);
    }

    [Fact]
    public async Task Forbidden_names_the_rule_that_is_missing()
    {
        var handler = new ScriptedHandler(ScriptedHandler.Status(403, "Forbidden"), ScriptedHandler.Status(403, "Forbidden"));
        await using var client = Over(handler);

        var patch = await FailureOf(() => client.PatchAsync(KubeResources.ConfigMaps, Key, Patch, Token));
        var list = await FailureOf(() => client.ListAsync(KubeResources.Leases, "x", null, Token));

        Assert.Contains("Grant verb \"patch\" on resource \"configmaps\" in namespace \"ns\"", patch.Message, StringComparison.Ordinal);
        Assert.Contains("{apiGroups: [\"\"], resources: [\"configmaps\"], verbs: [\"patch\"]}", patch.Message, StringComparison.Ordinal);
        Assert.Contains("Grant verb \"list\" on resource \"leases\" in namespace \"x\"", list.Message, StringComparison.Ordinal);
        Assert.Contains("apiGroups: [\"coordination.k8s.io\"]", list.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(404)]
    [InlineData(403)]
    [InlineData(409)]
    [InlineData(410)]
    [InlineData(302)]
    public async Task A_proxy_that_answers_in_the_servers_place_says_nothing_about_the_object(int status)
    {
        var handler = new ScriptedHandler(ScriptedHandler.Text("<html>\r\n<h1>Corporate proxy</h1>", status, "text/html"));
        await using var client = Over(handler);

        var failure = await FailureOf(() => client.GetAsync(KubeResources.ConfigMaps, Key, Token));

        Assert.Equal(KubeFailure.UnexpectedResponse, failure.Failure);
        Assert.Contains("<html>  <h1>Corporate proxy</h1>", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("<html>Login</html>")]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("""{"kind":"ConfigMap","metadata":{"name":"a","names""")]
    [InlineData("""{"kind":"Secret","metadata":{"name":"a"}}""")]
    [InlineData("""{"kind":"ConfigMap","metadata":null}""")]
    [InlineData("""{"kind":"ConfigMap","metadata":{"name":"a"},"binaryData":{"b":"!"}}""")]
    public async Task An_accepted_request_with_a_strange_answer_is_unexpected_and_for_a_write_unknown(string body)
    {
        var answer = ScriptedHandler.Json(body);
        var handler = new ScriptedHandler(answer, answer, answer, answer);
        await using var client = Over(handler);

        var get = await FailureOf(() => client.GetAsync(KubeResources.ConfigMaps, Key, Token));
        var list = await FailureOf(() => client.ListAsync(KubeResources.ConfigMaps, "ns", null, Token));
        var create = await FailureOf(() => client.CreateAsync(KubeResources.ConfigMaps, Item, Token));

        Assert.All([get, list, create], f => Assert.Equal(KubeFailure.UnexpectedResponse, f.Failure));
        Assert.Equal([false, false, true], new[] { get, list, create }.Select(f => f.IsOutcomeUnknown));
    }

    [Theory]
    [InlineData("<html>", true)]
    [InlineData("{}", true)]
    [InlineData("""{"kind":"Status","status":"Success"}""", false)]
    [InlineData("""{"kind":"ConfigMap","metadata":{"name":"a"}}""", false)]
    public async Task A_delete_is_believed_only_when_the_api_says_so(string body, bool isUnknown)
    {
        await using var client = Over(new ScriptedHandler(ScriptedHandler.Json(body)));

        var thrown = await Record.ExceptionAsync(() => client.DeleteAsync(KubeResources.ConfigMaps, Key, null, Token));

        Assert.Equal(isUnknown, thrown is KubeClientException { Failure: KubeFailure.UnexpectedResponse, IsOutcomeUnknown: true });
        Assert.Equal(isUnknown, thrown is not null);
    }
}
