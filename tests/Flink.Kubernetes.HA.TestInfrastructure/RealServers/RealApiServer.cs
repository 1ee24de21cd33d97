using System.Net.Http.Json;
using System.Text.Json.Nodes;
using k8s;

namespace Flink.Kubernetes.HA.TestInfrastructure.RealServers;

/// <summary>A real API server: one that this run started, or a cluster.</summary>
public sealed class RealApiServer : IAsyncDisposable
{
    private static int s_namespaces;
    private readonly ApiServerProcesses? _processes;
    private readonly K3sServer? _k3s;
    private readonly List<TestNamespace> _createdNamespaces = [];
    private readonly Lazy<Task<bool>> _publishesRootCertificate;

    private RealApiServer(RealServerSource source, string kubeConfigPath, ApiServerProcesses? processes = null, K3sServer? k3s = null)
    {
        (Source, KubeConfigPath, _processes, _k3s) = (source, kubeConfigPath, processes, k3s);
        Admin = CreateKubernetes();
        _publishesRootCertificate = new Lazy<Task<bool>>(() => HasRootCertificateAsync("default", CancellationToken.None));
    }

    public RealServerSource Source { get; }

    /// <summary>The administrator's kubeconfig, with all that it needs in one file.</summary>
    public string KubeConfigPath { get; }

    public Uri Url => Admin.BaseUri;

    /// <summary>Whether it is a whole cluster: it cannot be restarted, and has service accounts where a server of our own has users.</summary>
    public bool IsCluster => _processes is null;

    /// <summary>A client as the administrator, for what tests prepare.</summary>
    internal k8s.Kubernetes Admin { get; }

    internal ApiServerProcesses Processes =>
        _processes ?? throw new InvalidOperationException("A cluster is not ours to restart: use RealApiServer.StartPrivateAsync.");

    /// <summary>The server of a test run, as <see cref="RealServerChoice"/> says.</summary>
    public static async Task<RealApiServer> StartAsync()
    {
        if (RealServerChoice.Asked is { } asked)
        {
            return await StartAsync(asked);
        }

        try
        {
            return await StartAsync(RealServerChoice.First);
        }
        catch (Exception exception) when (RealServerChoice.First == RealServerSource.K3s)
        {
            // Nobody asked for K3s, and an engine that cannot pull its image is common.
            await Console.Error.WriteLineAsync($"K3s did not start, so the project's own server is used: {exception.Message}");
            return await StartPrivateAsync();
        }
    }

    /// <summary>A new server that only the caller uses; it may be restarted, killed and paused.</summary>
    public static async Task<RealApiServer> StartPrivateAsync()
    {
        var processes = await ApiServerProcesses.StartAsync();
        return new RealApiServer(RealServerChoice.OfPrograms, processes.KubeConfigPath, processes);
    }

    /// <summary>A new configuration of the official client, as the administrator.</summary>
    public KubernetesClientConfiguration CreateConfiguration() => KubernetesClientConfiguration.BuildConfigFromConfigFile(KubeConfigPath);

    /// <summary>A new official client as the administrator; the caller disposes it.</summary>
    /// <param name="handlers">What requests pass through on their way, from the outermost to the innermost.</param>
    public k8s.Kubernetes CreateKubernetes(params DelegatingHandler[] handlers) => new(CreateConfiguration(), handlers);

    /// <summary>Makes a namespace that nobody else uses.</summary>
    public async Task<TestNamespace> CreateNamespaceAsync(CancellationToken cancellationToken = default)
    {
        var name = $"t{Environment.ProcessId}-{Interlocked.Increment(ref s_namespaces)}-{Guid.NewGuid():N}"[..30];
        var created = await TestNamespace.CreateAsync(this, name.TrimEnd('-'), cancellationToken);
        lock (_createdNamespaces)
        {
            _createdNamespaces.Add(created);
        }

        return created;
    }

    /// <summary>Stops the server and starts it again on the same port and data: watches from before get a genuine 410.</summary>
    public Task RestartAsync() => Processes.RestartAsync();

    /// <summary>Kills the server with SIGKILL; <see cref="RestartAsync"/> brings it back.</summary>
    public Task KillAsync() => Processes.KillAsync();

    /// <summary>Stops the server's process with SIGSTOP: connections stay open and nothing answers.</summary>
    public void Pause() => Processes.Pause();

    /// <summary>Lets a paused server continue.</summary>
    public void Resume() => Processes.Resume();

    /// <summary>Makes the server forget: watches and continue tokens from before are answered with 410.</summary>
    public async Task ExpireHistoryAsync(CancellationToken cancellationToken = default)
    {
        using var etcd = new HttpClient { BaseAddress = Processes.Etcd };
        var head = await PostAsync("v3/kv/range", new JsonObject { ["key"] = "AA==" });
        await PostAsync("v3/kv/compaction", new JsonObject { ["revision"] = head["header"]!["revision"]!.DeepClone(), ["physical"] = true });
        await RestartAsync();

        async Task<JsonNode> PostAsync(string path, JsonObject body)
        {
            using var answer = await etcd.PostAsJsonAsync(path, body, cancellationToken);
            answer.EnsureSuccessStatusCode();
            return (await answer.Content.ReadFromJsonAsync<JsonNode>(cancellationToken))!;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var created in _createdNamespaces)
        {
            // A server of our own takes its namespaces with it.
            await created.DisposeAsync(deletesNamespace: Source == RealServerSource.Existing);
        }

        Admin.Dispose();
        if (_processes is not null)
        {
            await _processes.DisposeAsync();
        }

        if (_k3s is not null)
        {
            await _k3s.DisposeAsync();
        }

        if (Source == RealServerSource.Existing)
        {
            File.Delete(KubeConfigPath);
        }
    }

    /// <summary>Whether controllers put a ConfigMap of their own into every namespace, which they do since 1.20.</summary>
    internal Task<bool> PublishesRootCertificateAsync() => _publishesRootCertificate.Value;

    internal async Task<bool> HasRootCertificateAsync(string namespaceName, CancellationToken cancellationToken)
    {
        var found = await Admin.CoreV1.ListNamespacedConfigMapAsync(namespaceName, fieldSelector: "metadata.name=kube-root-ca.crt", cancellationToken: cancellationToken);
        return found.Items.Count > 0;
    }

    private static async Task<RealApiServer> StartAsync(RealServerSource source)
    {
        switch (source)
        {
            case RealServerSource.Existing:
                return new RealApiServer(source, await ExistingCluster.WriteKubeConfigAsync());
            case RealServerSource.K3s:
                var k3s = await K3sServer.StartAsync();
                return new RealApiServer(source, k3s.KubeConfigPath, k3s: k3s);
            default:
                return await StartPrivateAsync();
        }
    }
}
