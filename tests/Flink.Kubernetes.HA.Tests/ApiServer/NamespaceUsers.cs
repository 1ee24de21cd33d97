using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;

namespace Flink.Kubernetes.HA.Tests.ApiServer;

/// <summary>
/// The powerless users: of a server of our own those that start.sh made, of an existing cluster service accounts of the namespace.
/// </summary>
internal sealed class NamespaceUsers(RealApiServer server, string namespaceName)
{
    private readonly ConcurrentDictionary<string, Lazy<Task<string>>> _kubeConfigs = new(StringComparer.Ordinal);

    internal string UserName(string user) => server.IsExistingCluster ? $"system:serviceaccount:{namespaceName}:{user}" : user;

    internal async Task<JsonObject> GetSubjectAsync(string user, CancellationToken cancellationToken)
    {
        await GetKubeConfigAsync(user, cancellationToken);
        return server.IsExistingCluster
            ? new JsonObject { ["kind"] = "ServiceAccount", ["name"] = user, ["namespace"] = namespaceName }
            : new JsonObject { ["apiGroup"] = "rbac.authorization.k8s.io", ["kind"] = "User", ["name"] = user };
    }

    internal async Task<string> GetKubeConfigAsync(string user, CancellationToken cancellationToken)
    {
        if (!server.IsExistingCluster)
        {
            var path = Path.Combine(server.Processes.StateDirectory, $"kubeconfig.{user}");
            return File.Exists(path) ? path : throw new ArgumentException($"There is no user '{user}': alice or bob.", nameof(user));
        }

        return await _kubeConfigs.GetOrAdd(user, u => new Lazy<Task<string>>(() => MakeAsync(u, CancellationToken.None))).Value.WaitAsync(cancellationToken);
    }

    internal void DeleteFiles()
    {
        foreach (var made in _kubeConfigs.Values.Where(v => v.Value.IsCompletedSuccessfully))
        {
            File.Delete(made.Value.Result);
        }
    }

    private async Task<string> MakeAsync(string user, CancellationToken cancellationToken)
    {
        var accounts = $"api/v1/namespaces/{namespaceName}/serviceaccounts";
        await server.Rest.PostAsync(accounts, new JsonObject { ["metadata"] = new JsonObject { ["name"] = user } }, cancellationToken);
        var answer = await server.Rest.PostAsync(
            $"{accounts}/{user}/token",
            new JsonObject { ["spec"] = new JsonObject { ["expirationSeconds"] = 3600, ["audiences"] = new JsonArray() } },
            cancellationToken);
        var trust = server.Rest.CertificateAuthorities is { } pem
            ? $"certificate-authority-data: {Convert.ToBase64String(Encoding.UTF8.GetBytes(pem))}"
            : "insecure-skip-tls-verify: true";
        var path = Path.GetTempFileName();
        await File.WriteAllTextAsync(
            path,
            $"""
            apiVersion: v1
            kind: Config
            current-context: test
            clusters:
            - name: test
              cluster:
                server: {server.Url}
                {trust}
            contexts:
            - name: test
              context: {"{"}cluster: test, user: {user}, namespace: {namespaceName}{"}"}
            users:
            - name: {user}
              user:
                token: {answer["status"]!["token"]}
            """,
            cancellationToken);
        return path;
    }
}
