using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.Testing;

namespace Flink.Kubernetes.HA.Tests.HighAvailabilityServices;

/// <summary>A real term, of a cluster of its own in memory, that a test ends as it likes.</summary>
internal sealed class WonTerm : IAsyncDisposable
{
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _stop = new();
    private readonly InMemoryApiServer _server = new();
    private readonly IKubeClient _client;
    private readonly KubernetesHaServices _services;
    private readonly IAsyncEnumerator<LeadershipTerm> _terms;

    private WonTerm()
    {
        _client = _server.CreateClient();
        _services = new KubernetesHaServices(new KubernetesHaOptions { ClusterId = "orders", Namespace = "team" }, _client);
        _terms = _services.GetLeaderElection(LeaderComponent.Dispatcher).ContendAsync(_stop.Token).GetAsyncEnumerator();
    }

    public LeadershipTerm Term => _terms.Current;

    /// <summary>Completes when the one who was handed the term asks for the next one, or ends contending.</summary>
    public Task Released => _released.Task;

    public static async Task<WonTerm> WinAsync()
    {
        var term = new WonTerm();
        await term._terms.MoveNextAsync();
        return term;
    }

    public void WasGivenBack() => _released.TrySetResult();

    public async Task LoseAsync()
    {
        var lost = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Term.Lost.Register(() => lost.TrySetResult());
        await _client.DeleteAsync(KubeResources.ConfigMaps, new ObjectKey("team", "orders-dispatcher-leader"));
        await lost.Task;
    }

    public void Stop() => _stop.Cancel();

    public async ValueTask DisposeAsync()
    {
        await _terms.DisposeAsync();
        await _services.DisposeAsync();
        _server.Dispose();
    }
}
