using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.KubeClient.Watching;
using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.LeaderRetrieval;

internal sealed class LeaderRetrievalService(
    LeaderComponent component,
    string namespaceName,
    string clusterId,
    SharedWatches watches,
    TimeProvider timeProvider,
    ILoggerFactory loggerFactory,
    HaMetrics metrics) : ILeaderRetrievalService
{
    public LeaderComponent Component { get; } = component;

    public LeaderInformation? Current => null;

    public IAsyncEnumerable<LeaderInformation?> WatchAsync(CancellationToken cancellationToken = default) =>
        throw new NotSupportedException($"{namespaceName}{clusterId}{watches}{timeProvider}{loggerFactory}{metrics}");

    public IAsyncDisposable AddListener(ILeaderRetrievalListener listener) => throw new NotSupportedException();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
