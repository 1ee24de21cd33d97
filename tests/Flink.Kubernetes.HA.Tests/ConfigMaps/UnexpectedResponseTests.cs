namespace Flink.Kubernetes.HA.Tests.ConfigMaps;

/// <summary>A success that is not what was asked for is a failure; after a write nobody knows whether it took effect.</summary>
public sealed class UnexpectedResponseTests : RequestTest
{
    [Theory]
    [InlineData("""{"hello":1}""")]
    [InlineData("<html>Login</html>")]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("7")]
    [InlineData("""{"kind":"ConfigMap","metadata":{"name":"a","names""")]
    [InlineData("""{"kind":"Secret","metadata":{"name":"a","namespace":"ns","uid":"u","resourceVersion":"7"}}""")]
    [InlineData("""{"kind":"ConfigMap","metadata":{"name":"b","namespace":"ns","uid":"u","resourceVersion":"7"}}""")]
    [InlineData("""{"kind":"ConfigMap","metadata":{"name":"a","namespace":"other","uid":"u","resourceVersion":"7"}}""")]
    [InlineData("""{"kind":"ConfigMap","metadata":{"name":"a","namespace":"ns","resourceVersion":"7"}}""")]
    [InlineData("""{"kind":"ConfigMap","metadata":{"name":"a","namespace":"ns","uid":"u","resourceVersion":""}}""")]
    [InlineData("""{"kind":"ConfigMap","metadata":{"name":"a","namespace":"ns","uid":"u","resourceVersion":"7","creationTimestamp":"yesterday"}}""")]
    [InlineData("""{"kind":"ConfigMap","metadata":null}""")]
    [InlineData("""{"kind":"ConfigMap"}""")]
    [InlineData("""{"kind":"Status","status":"Success"}""")]
    [InlineData("""{"kind":"ConfigMap","metadata":{"name":"a","namespace":"ns","uid":"u","resourceVersion":"7"},"binaryData":{"b":"!"}}""")]
    public async Task An_object_that_is_not_the_requested_one_is_not_taken_for_it(string body)
    {
        Responds(200, body);
        foreach (var verb in (string[])["get", "create", "patch"])
        {
            await ShouldBeUnexpectedAsync(verb);
        }
    }

    [Theory]
    [InlineData("""{"hello":1}""")]
    [InlineData("<html>Login</html>")]
    [InlineData("null")]
    [InlineData("""{"kind":"ConfigMapList","metadata":{"resourceVersion":"1"}}""")]
    [InlineData("""{"kind":"ConfigMapList","metadata":{"resourceVersion":"1"},"items":null}""")]
    [InlineData("""{"kind":"ConfigMapList","metadata":{},"items":[]}""")]
    [InlineData("""{"kind":"ConfigMapList","metadata":{"resourceVersion":""},"items":[]}""")]
    [InlineData("""{"kind":"ConfigMapList","items":[]}""")]
    [InlineData("""{"kind":"SecretList","metadata":{"resourceVersion":"1"},"items":[]}""")]
    [InlineData("""{"kind":"ConfigMapList","metadata":{"resourceVersion":"1"},"items":[null]}""")]
    [InlineData("""{"kind":"ConfigMapList","metadata":{"resourceVersion":"1"},"items":[{"metadata":{"namespace":"ns"}}]}""")]
    [InlineData("""{"kind":"ConfigMapList","metadata":{"resourceVersion":"1"},"items":[{"metadata":{"name":"a","namespace":"ns"}}]}""")]
    public async Task A_list_that_is_none_is_not_taken_for_an_empty_one(string body)
    {
        Responds(200, body);
        await ShouldBeUnexpectedAsync("list");
    }

    [Theory]
    [InlineData("""{"hello":1}""", true)]
    [InlineData("<html>Login</html>", true)]
    [InlineData("{}", true)]
    [InlineData("""{"kind":"Status","status":"Failure"}""", true)]
    [InlineData("""{"kind":"Status","status":"Success"}""", false)]
    [InlineData("""{"kind":"Status"}""", false)]
    [InlineData(Answer.ConfigMap, false)]
    public async Task A_deletion_is_believed_only_if_the_API_says_so(string body, bool isUnexpected)
    {
        Responds(200, body);
        await (isUnexpected ? ShouldBeUnexpectedAsync("delete") : CallAsync("delete"));
    }

    private async Task ShouldBeUnexpectedAsync(string verb)
    {
        var failure = await FailureOfAsync(verb);
        (failure.Failure, failure.StatusCode).Should().Be((KubernetesFailure.UnexpectedResponse, HttpStatusCode.OK));
        failure.IsOutcomeUnknown.Should().Be(verb is not ("get" or "list"));
        failure.Message.Should().Contain("Check that https://server.example:6443 is a Kubernetes API server");
    }
}
