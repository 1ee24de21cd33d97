using Flink.Kubernetes.HA.KubeClient;

namespace Flink.Kubernetes.HA.LeaderElection;

/// <summary>The requests of one component's election, each with the election's own time limit.</summary>
internal sealed class LockRequests(IKubeClient client, ObjectKey key, TimeSpan timeout, TimeProvider timeProvider)
{
    private static readonly KubeResource<PartialObjectMetadata> Resource = KubeResources.ConfigMaps.MetadataOnly;

    public ObjectKey Key => key;

    public IKubeClient Client => client;

    /// <summary>Reads the lock: where the API server's word is needed because a write was refused or its answer lost.</summary>
    public async Task<LockReadResult> ReadAsync(CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(timeout, timeProvider);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            var configMap = await Observed(client.GetAsync(Resource, key, linked.Token)).WaitAsync(linked.Token).ConfigureAwait(false);
            return new LockReadResult(LockState.Of(configMap), null);
        }
        catch (KubeClientException exception) when (exception.Failure == KubeFailure.NotFound)
        {
            return new LockReadResult(null, null);
        }
        catch (Exception exception)
        {
            // Whatever a request made of its cancellation, the caller hears that it was cancelled.
            cancellationToken.ThrowIfCancellationRequested();
            return new LockReadResult(null, Named(exception, "read"));
        }
    }

    /// <summary>Sends a write and waits for its outcome, at most for the time limit. Nothing else cancels it: what was sent may take effect.</summary>
    public Task<LockWriteResult> PatchAsync(KubePatch patch) =>
        WriteAsync(token => client.PatchAsync(Resource, key, patch, token));

    /// <summary>Sends a patch as it is, within the caller's limits.</summary>
    public Task<PartialObjectMetadata> SendAsync(KubePatch patch, CancellationToken cancellationToken) =>
        client.PatchAsync(Resource, key, patch, cancellationToken).WaitAsync(cancellationToken);

    /// <summary>Creates the ConfigMap without a holder.</summary>
    public Task<LockWriteResult> CreateAsync(ObjectMeta metadata) => WriteAsync(async token =>
    {
        var created = await client.CreateAsync(KubeResources.ConfigMaps, new ConfigMap { Metadata = metadata }, token).ConfigureAwait(false);
        return new PartialObjectMetadata { Metadata = created.Metadata };
    });

    private async Task<LockWriteResult> WriteAsync(Func<CancellationToken, Task<PartialObjectMetadata>> send)
    {
        using var limit = new CancellationTokenSource(timeout, timeProvider);
        try
        {
            // WaitAsync: a client that does not heed the token must not hold up the election.
            return new LockWriteResult(LockWriteOutcome.Written, await Observed(send(limit.Token)).WaitAsync(limit.Token).ConfigureAwait(false));
        }
        catch (KubeClientException exception) when (!exception.IsOutcomeUnknown)
        {
            var outcome = exception.Failure switch
            {
                KubeFailure.Conflict or KubeFailure.Invalid or KubeFailure.NotFound or KubeFailure.AlreadyExists => LockWriteOutcome.Refused,
                _ => LockWriteOutcome.Failed,
            };
            return new LockWriteResult(outcome, null, exception, exception.Failure);
        }
        catch (Exception exception)
        {
            return new LockWriteResult(LockWriteOutcome.Unknown, null, Named(exception, "write"));
        }
    }

    /// <summary>An answer that comes after its time limit is nobody's any more: that it is a failure is no unobserved one.</summary>
    private static Task<T> Observed<T>(Task<T> request)
    {
        _ = request.ContinueWith(static t => t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return request;
    }

    private Exception Named(Exception exception, string what) => exception is OperationCanceledException
        ? new TimeoutException($"No answer to a {what} of ConfigMap {key} within {timeout.TotalSeconds} s (LeaderElectionOptions.RequestTimeout).", exception)
        : exception;
}
