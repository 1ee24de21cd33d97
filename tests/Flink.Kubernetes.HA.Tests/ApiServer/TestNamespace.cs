using System.Text.Json.Nodes;
using Flink.Kubernetes.HA.KubeClient;
using Xunit;

namespace Flink.Kubernetes.HA.Tests.ApiServer;

/// <summary>A namespace of one test, and the users <c>alice</c> and <c>bob</c>, who have no rights in it until some are granted.</summary>
public sealed class TestNamespace
{
    private static readonly TimeSpan s_controllersTake = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_authorizerTakes = TimeSpan.FromSeconds(30);
    private readonly RealApiServer _server;
    private readonly NamespaceUsers _users;

    private TestNamespace(RealApiServer server, string name)
    {
        _server = server;
        Name = name;
        _users = new NamespaceUsers(server, name);
    }

    public string Name { get; }

    /// <summary>The kubeconfig of a user without rights.</summary>
    /// <param name="user"><c>alice</c> or <c>bob</c>.</param>
    public Task<string> GetKubeConfigAsync(string user, CancellationToken cancellationToken = default) => _users.GetKubeConfigAsync(user, cancellationToken);

    /// <summary>A client in the name of a user without rights.</summary>
    public async Task<HttpKubeClient> CreateClientAsync(string user, CancellationToken cancellationToken = default) =>
        new(KubeConnection.FromKubeConfig(await GetKubeConfigAsync(user, cancellationToken)));

    /// <summary>Lets a user do something in this namespace; returns when the server has taken it in.</summary>
    /// <param name="resource">As RBAC names it, with its group: <c>configmaps</c>, <c>leases.coordination.k8s.io</c>.</param>
    public async Task GrantAsync(string user, string resource, IReadOnlyList<string> verbs, CancellationToken cancellationToken = default)
    {
        var (plural, group) = resource.Split('.', 2) is [var p, var g] ? (p, g) : (resource, string.Empty);
        var role = $"{user}-{Guid.NewGuid():N}";
        var rbac = $"apis/rbac.authorization.k8s.io/v1/namespaces/{Name}";
        await _server.Rest.PostAsync(
            $"{rbac}/roles",
            new JsonObject
            {
                ["metadata"] = new JsonObject { ["name"] = role },
                ["rules"] = new JsonArray(new JsonObject { ["apiGroups"] = new JsonArray(group), ["resources"] = new JsonArray(plural), ["verbs"] = new JsonArray([.. verbs.Select(v => (JsonNode)v)]) }),
            },
            cancellationToken);
        await _server.Rest.PostAsync(
            $"{rbac}/rolebindings",
            new JsonObject
            {
                ["metadata"] = new JsonObject { ["name"] = role },
                ["roleRef"] = new JsonObject { ["apiGroup"] = "rbac.authorization.k8s.io", ["kind"] = "Role", ["name"] = role },
                ["subjects"] = new JsonArray(await _users.GetSubjectAsync(user, cancellationToken)),
            },
            cancellationToken);

        // The server's authorizer learns of roles by a watch of its own.
        var question = new JsonObject
        {
            ["metadata"] = new JsonObject { ["namespace"] = Name },
            ["spec"] = new JsonObject
            {
                ["user"] = _users.UserName(user),
                ["resourceAttributes"] = new JsonObject { ["namespace"] = Name, ["verb"] = verbs[^1], ["group"] = group, ["resource"] = plural },
            },
        };
        async Task<bool> IsAllowedAsync()
        {
            var answer = await _server.Rest.PostAsync($"apis/authorization.k8s.io/v1/namespaces/{Name}/localsubjectaccessreviews", question, cancellationToken);
            return answer["status"]?["allowed"]?.GetValue<bool>() is true;
        }

        Assert.True(await UntilAsync(IsAllowedAsync, s_authorizerTakes, cancellationToken), $"{user} was granted {verbs[^1]} on {resource}, and the server has not taken it in.");
    }

    internal static async Task<TestNamespace> CreateAsync(RealApiServer server, string name, CancellationToken cancellationToken)
    {
        await server.Rest.PostAsync("api/v1/namespaces", new JsonObject { ["metadata"] = new JsonObject { ["name"] = name } }, cancellationToken);
        if (server.IsExistingCluster)
        {
            // A cluster's controllers put a ConfigMap of their own into it (since 1.20): tests that watch must not see it come.
            await UntilAsync(() => server.Rest.ExistsAsync($"api/v1/namespaces/{name}/configmaps/kube-root-ca.crt", cancellationToken), s_controllersTake, cancellationToken);
        }

        return new TestNamespace(server, name);
    }

    internal async Task DeleteAsync()
    {
        _users.DeleteFiles();
        await _server.Rest.DeleteAsync($"api/v1/namespaces/{Name}", CancellationToken.None);
    }

    private static async Task<bool> UntilAsync(Func<Task<bool>> condition, TimeSpan limit, CancellationToken cancellationToken)
    {
        var started = TimeProvider.System.GetTimestamp();
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (TimeProvider.System.GetElapsedTime(started) < limit)
        {
            if (await condition())
            {
                return true;
            }

            await tick.WaitForNextTickAsync(cancellationToken);
        }

        return false;
    }
}
