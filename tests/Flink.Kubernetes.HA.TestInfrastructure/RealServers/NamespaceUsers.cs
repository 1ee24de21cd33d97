using System.Collections.Concurrent;
using System.Text;
using k8s;
using k8s.Models;

namespace Flink.Kubernetes.HA.TestInfrastructure.RealServers;

/// <summary>
/// Users without rights: on a server of our own those that start.sh made, in a cluster service accounts of the namespace.
/// </summary>
internal sealed class NamespaceUsers(RealApiServer server, string namespaceName)
{
    private readonly ConcurrentDictionary<string, Lazy<Task<string>>> _kubeConfigs = new(StringComparer.Ordinal);

    internal string UserName(string user) => server.IsCluster ? $"system:serviceaccount:{namespaceName}:{user}" : user;

    internal async Task<Rbacv1Subject> GetSubjectAsync(string user, CancellationToken cancellationToken)
    {
        await GetKubeConfigAsync(user, cancellationToken);
        return server.IsCluster
            ? new Rbacv1Subject { Kind = "ServiceAccount", Name = user, NamespaceProperty = namespaceName }
            : new Rbacv1Subject { ApiGroup = "rbac.authorization.k8s.io", Kind = "User", Name = user };
    }

    internal async Task<string> GetKubeConfigAsync(string user, CancellationToken cancellationToken)
    {
        if (!server.IsCluster)
        {
            var path = Path.Combine(server.Processes.StateDirectory, $"kubeconfig.{user}");
            return File.Exists(path) ? path : throw new ArgumentException($"There is no user '{user}': alice or bob.", nameof(user));
        }

        return await _kubeConfigs.GetOrAdd(user, u => new Lazy<Task<string>>(() => CreateAccountAsync(u))).Value.WaitAsync(cancellationToken);
    }

    internal void DeleteFiles()
    {
        foreach (var made in _kubeConfigs.Values.Where(v => v.IsValueCreated && v.Value.IsCompletedSuccessfully))
        {
            File.Delete(made.Value.Result);
        }
    }

    private async Task<string> CreateAccountAsync(string user)
    {
        await server.Admin.CoreV1.CreateNamespacedServiceAccountAsync(new V1ServiceAccount { Metadata = new V1ObjectMeta { Name = user } }, namespaceName);
        var request = new Authenticationv1TokenRequest { Spec = new V1TokenRequestSpec { ExpirationSeconds = 3600, Audiences = [] } };
        var answer = await server.Admin.CoreV1.CreateNamespacedServiceAccountTokenAsync(request, user, namespaceName);
        var authorities = server.CreateConfiguration().SslCaCerts;
        var trust = authorities is { Count: > 0 }
            ? $"certificate-authority-data: {Convert.ToBase64String(Encoding.UTF8.GetBytes(authorities.ExportCertificatePems()))}"
            : "insecure-skip-tls-verify: true";
        var path = Path.GetTempFileName();
        await File.WriteAllTextAsync(
            path,
            $$"""
            apiVersion: v1
            kind: Config
            current-context: test
            clusters:
            - name: test
              cluster:
                server: {{server.Url}}
                {{trust}}
            contexts:
            - name: test
              context: {cluster: test, user: {{user}}, namespace: {{namespaceName}}}
            users:
            - name: {{user}}
              user:
                token: {{answer.Status.Token}}
            """);
        return path;
    }
}
