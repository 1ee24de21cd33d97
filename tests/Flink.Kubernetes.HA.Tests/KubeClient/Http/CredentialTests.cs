using Flink.Kubernetes.HA.KubeClient;
using Xunit;
using static Flink.Kubernetes.HA.Tests.KubeClient.Http.HttpTestClient;

namespace Flink.Kubernetes.HA.Tests.KubeClient.Http;

public sealed class CredentialTests
{
    private static readonly ScriptedHandler.Reaction Refused = ScriptedHandler.Status(401, "Unauthorized", "Unauthorized");

    [Fact]
    public async Task A_refused_token_is_read_anew_once_and_the_write_sent_again()
    {
        var credential = new StubCredential("old", "new");
        var handler = new ScriptedHandler(Refused, ScriptedHandler.Json(ConfigMapJson));
        await using var client = Over(handler, credential: credential);

        await client.PatchAsync(KubeResources.ConfigMaps, Key, Patch, Token);

        Assert.Equal(["Bearer old", "Bearer new"], handler.Sent.Select(r => r.Authorization));
        Assert.Equal(handler.Sent[0].Body, handler.Sent[1].Body);
        Assert.Equal(1, credential.Refreshes);
    }

    [Fact]
    public async Task A_token_that_stays_refused_is_unauthorized_with_what_to_do()
    {
        var handler = new ScriptedHandler(Refused, Refused);
        await using var client = Over(handler, credential: new StubCredential("bad"));

        var failure = await FailureOf(() => client.PatchAsync(KubeResources.ConfigMaps, Key, Patch, Token));

        Assert.Equal(KubeFailure.Unauthorized, failure.Failure);
        Assert.False(failure.IsOutcomeUnknown);
        Assert.Contains("Check that the token", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("bad", failure.Message, StringComparison.Ordinal);
        Assert.Equal(2, handler.Sent.Count);
    }

    [Fact]
    public async Task A_credential_that_fails_is_unauthorized_with_its_reason()
    {
        var handler = new ScriptedHandler();
        await using var client = Over(handler, credential: new DelegateCredential(_ => throw new FileNotFoundException("No token file.")));

        var failure = await FailureOf(() => client.PatchAsync(KubeResources.ConfigMaps, Key, Patch, Token));

        Assert.Equal(KubeFailure.Unauthorized, failure.Failure);
        Assert.False(failure.IsOutcomeUnknown);
        Assert.Contains("No token file.", failure.Message, StringComparison.Ordinal);
        Assert.Empty(handler.Sent);
    }

    [Fact]
    public async Task Without_a_token_there_is_no_header()
    {
        var handler = new ScriptedHandler(ScriptedHandler.Json(ConfigMapJson));
        await using var client = Over(handler);

        await client.GetAsync(KubeResources.ConfigMaps, Key, Token);

        Assert.Null(handler.Sent.Single().Authorization);
    }
}
