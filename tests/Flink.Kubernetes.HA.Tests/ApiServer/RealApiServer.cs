using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Flink.Kubernetes.HA.KubeClient;

namespace Flink.Kubernetes.HA.Tests.ApiServer;

/// <summary>A real kube-apiserver: one that this run started, or an existing cluster.</summary>
public sealed class RealApiServer : IAsyncDisposable
{
    private static int s_namespaces;
    private readonly ApiServerProcesses? _processes;
    private readonly List<TestNamespace> _createdNamespaces = [];

    private RealApiServer(string? kubeConfigPath, ApiServerProcesses? processes)
    {
        _processes = processes;
        KubeConfigPath = kubeConfigPath;
        Rest = new ApiServerRest(KubeConnection.FromKubeConfig(kubeConfigPath));
    }

    /// <summary>The administrator's kubeconfig; <see langword="null"/> for the user's own, where the existing cluster is used.</summary>
    public string? KubeConfigPath { get; }

    public Uri Url => Rest.Server;

    /// <summary>Whether it is a cluster that was there before: it cannot be restarted, and what tests leave there stays.</summary>
    public bool IsExistingCluster => _processes is null;

    internal ApiServerRest Rest { get; }

    internal ApiServerProcesses Processes =>
        _processes ?? throw new InvalidOperationException("The existing cluster is not ours to restart: use RealApiServer.StartPrivateAsync.");

    /// <summary>The cluster of the kubeconfig where <c>USE_EXISTING_CLUSTER</c> is <c>true</c>, else a new server.</summary>
    public static Task<RealApiServer> StartAsync() =>
        string.Equals(Environment.GetEnvironmentVariable("USE_EXISTING_CLUSTER"), "true", StringComparison.OrdinalIgnoreCase)
            ? Task.FromResult(new RealApiServer(kubeConfigPath: null, processes: null))
            : StartPrivateAsync();

    /// <summary>A new server that only the caller uses; it may be restarted, killed and paused.</summary>
    public static async Task<RealApiServer> StartPrivateAsync()
    {
        var processes = await ApiServerProcesses.StartAsync();
        return new RealApiServer(processes.KubeConfigPath, processes);
    }

    /// <summary>The administrator's bearer token, where the kubeconfig has one.</summary>
    public ValueTask<string?> GetTokenAsync(CancellationToken cancellationToken = default) => Rest.GetTokenAsync(cancellationToken);

    /// <summary>A new connection as the administrator; the client that it is given to owns it.</summary>
    public KubeConnection Connect() => KubeConnection.FromKubeConfig(KubeConfigPath);

    /// <summary>A new client as the administrator.</summary>
    public HttpKubeClient CreateClient(KubeClientOptions? options = null) => new(Connect(), options);

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

    /// <summary>Lets a paused server go on.</summary>
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
        // A server of our own takes its namespaces with it.
        foreach (var created in IsExistingCluster ? _createdNamespaces : [])
        {
            await created.DeleteAsync();
        }

        Rest.Dispose();
        if (_processes is not null)
        {
            await _processes.DisposeAsync();
        }
    }
}
