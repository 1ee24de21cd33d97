using Flink.Kubernetes.HA.LeaderElection.Locking;
using Microsoft.Extensions.Logging.Abstractions;

namespace Flink.Kubernetes.HA.Tests.LeaderElection;

/// <summary>A connection that does not heed tokens: its requests hang until they are made to fail.</summary>
internal sealed class LateFailures : DelegatingHandler
{
    private readonly TaskCompletionSource<HttpResponseMessage> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Called when a request has been sent.</summary>
    public Action? Sent { get; init; }

    public void Fail() => _answer.TrySetException(new InvalidOperationException("said too late"));

    /// <summary>The requests of the lock over this connection, with a time limit of 3 s.</summary>
    public LockRequests ToLock(HaWorld world) => new(
        new ConfigMapRequests(
            world.Server.CreateClient("late", this), TimeSpan.FromSeconds(10), maxRetries: 0, world.Time, NullLogger.Instance, new HaMetrics()),
        HaWorld.Key,
        TimeSpan.FromSeconds(3),
        new RenewalBudget(new LeaderElectionOptions(), world.Time));

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Sent?.Invoke();
        return _answer.Task;
    }
}
