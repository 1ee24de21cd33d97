using k8s.Models;

namespace Flink.Kubernetes.HA.TestInfrastructure.ApiServerSuite;

/// <summary>Calls without the right, and calls that were canceled before.</summary>
public abstract partial class ApiServerSuiteTests
{
    public static TheoryData<string> Verbs => ["get", "list", "create", "update", "patch", "delete", "watch"];

    [Theory, MemberData(nameof(Verbs))]
    public async Task Without_the_right_a_request_is_Forbidden_and_the_server_names_verb_and_resource(string verb)
    {
        var stored = await CreateAsync("a", ("k", "1"));
        using var powerless = new ApiServerClient(await Server.CreateClientWithoutRightsAsync(Namespace, Token));
        var refusal = await RefusedAsync(Refusal.Forbidden, () => SendAsync(powerless, verb, Token), verb);
        refusal.Words.Should().Contain($"cannot {verb} resource \"configmaps\"").And.Contain(Namespace);
        await UnchangedAsync(stored);
        await RefusedAsync(Refusal.NotFound, () => GetAsync("b"));
    }

    [Fact]
    public async Task Without_the_right_a_Lease_is_named_with_its_group()
    {
        using var powerless = new ApiServerClient(await Server.CreateClientWithoutRightsAsync(Namespace, Token));
        var refusal = await RefusedAsync(Refusal.Forbidden, () => (Leases with { Client = powerless }).GetAsync("a"));
        refusal.Words.Should().Contain("cannot get resource \"leases\" in API group \"coordination.k8s.io\"");
    }

    [Theory, MemberData(nameof(Verbs))]
    public async Task With_a_canceled_token_a_request_does_nothing(string verb)
    {
        var stored = await CreateAsync("a", ("k", "1"));
        var send = () => SendAsync(Client, verb, new CancellationToken(canceled: true));
        await send.Should().ThrowAsync<OperationCanceledException>();
        await UnchangedAsync(stored);
        await RefusedAsync(Refusal.NotFound, () => GetAsync("b"));
    }

    private async Task SendAsync(ApiServerClient client, string verb, CancellationToken token) => await (verb switch
    {
        "get" => client.GetAsync(Namespace, "a", token),
        "list" => client.ListAsync(Namespace, null, token),
        "create" => client.CreateAsync(Namespace, NewConfigMap("b"), token),
        "update" => client.ReplaceAsync(Namespace, NewConfigMap("a", ("k", "2")), token),
        "patch" => client.PatchAsync(Namespace, "a", new(Patch(Remove("/data/k")), V1Patch.PatchType.JsonPatch), token),
        "delete" => client.DeleteAsync(Namespace, "a", null, token),
        _ => (Task)(Raw with { Client = client, Token = token }).WatchAsync(),
    });
}
