using k8s;
using k8s.Models;

namespace Flink.Kubernetes.HA.TestInfrastructure.RealServers;

/// <summary>A namespace of one test, and the users <c>alice</c> and <c>bob</c>, who have no rights in it until some are granted.</summary>
public sealed class TestNamespace
{
    private static readonly TimeSpan s_controllersTake = TimeSpan.FromSeconds(30);
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

    /// <summary>An official client in the name of a user without rights; the caller disposes it.</summary>
    public async Task<k8s.Kubernetes> CreateKubernetesAsync(string user, CancellationToken cancellationToken = default) =>
        new(KubernetesClientConfiguration.BuildConfigFromConfigFile(await GetKubeConfigAsync(user, cancellationToken)));

    /// <summary>Lets a user do something in this namespace; returns when the server has taken it in.</summary>
    /// <param name="resource">As RBAC names it, with its group: <c>configmaps</c>, <c>leases.coordination.k8s.io</c>.</param>
    public async Task GrantAsync(string user, string resource, IReadOnlyList<string> verbs, CancellationToken cancellationToken = default)
    {
        var (plural, group) = resource.Split('.', 2) is [var p, var g] ? (p, g) : (resource, string.Empty);
        var role = $"{user}-{Guid.NewGuid():N}";
        await _server.Admin.RbacAuthorizationV1.CreateNamespacedRoleAsync(
            new V1Role
            {
                Metadata = new V1ObjectMeta { Name = role },
                Rules = [new V1PolicyRule { ApiGroups = [group], Resources = [plural], Verbs = [.. verbs] }],
            },
            Name,
            cancellationToken: cancellationToken);
        await _server.Admin.RbacAuthorizationV1.CreateNamespacedRoleBindingAsync(
            new V1RoleBinding
            {
                Metadata = new V1ObjectMeta { Name = role },
                RoleRef = new V1RoleRef { ApiGroup = "rbac.authorization.k8s.io", Kind = "Role", Name = role },
                Subjects = [await _users.GetSubjectAsync(user, cancellationToken)],
            },
            Name,
            cancellationToken: cancellationToken);

        // The server's authorizer learns of roles by a watch of its own.
        async Task<bool> IsAllowedAsync()
        {
            var question = new V1LocalSubjectAccessReview
            {
                Metadata = new V1ObjectMeta { NamespaceProperty = Name },
                Spec = new V1SubjectAccessReviewSpec
                {
                    User = _users.UserName(user),
                    ResourceAttributes = new V1ResourceAttributes { NamespaceProperty = Name, Verb = verbs[^1], Group = group, Resource = plural },
                },
            };
            var answer = await _server.Admin.AuthorizationV1.CreateNamespacedLocalSubjectAccessReviewAsync(question, Name, cancellationToken: cancellationToken);
            return answer.Status.Allowed;
        }

        (await UntilAsync(IsAllowedAsync, s_authorizerTakes, cancellationToken)).Should().BeTrue($"{user} was granted {verbs[^1]} on {resource}");
    }

    internal static async Task<TestNamespace> CreateAsync(RealApiServer server, string name, CancellationToken cancellationToken)
    {
        await server.Admin.CoreV1.CreateNamespaceAsync(new V1Namespace { Metadata = new V1ObjectMeta { Name = name } }, cancellationToken: cancellationToken);
        if (server.IsCluster && await server.PublishesRootCertificateAsync())
        {
            // Tests that watch the namespace must not see this ConfigMap arrive.
            (await UntilAsync(() => server.HasRootCertificateAsync(name, cancellationToken), s_controllersTake, cancellationToken))
                .Should().BeTrue($"the cluster's controllers put kube-root-ca.crt into {name}");
        }

        return new TestNamespace(server, name);
    }

    internal async Task DisposeAsync(bool deletesNamespace)
    {
        _users.DeleteFiles();
        if (deletesNamespace)
        {
            await _server.Admin.CoreV1.DeleteNamespaceAsync(Name);
        }
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
