using Flink.Kubernetes.HA.ConfigMaps;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.LeaderElection.Locking;

/// <summary>The requests of one component's election, each with the election's own time limit and without retries.</summary>
internal sealed class LockRequests(ConfigMapRequests requests, ObjectKey key, TimeSpan timeout)
{
    private readonly ConfigMapRequests _limited = requests.WithTimeout(timeout);

    public ObjectKey Key => key;

    /// <summary>The requests of the process, for everything but the lock.</summary>
    public ConfigMapRequests Requests => requests;

    /// <summary>Reads the lock, after a write was refused or its response was lost.</summary>
    /// <exception cref="OperationCanceledException">The token was canceled. Any other failure is in the result.</exception>
    public async Task<LockReadResult> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            return new LockReadResult(LockState.Of(await _limited.GetAsync(key, metadataOnly: true, cancellationToken).ConfigureAwait(false)), null);
        }
        catch (KubernetesHaException exception) when (exception.Failure == KubernetesFailure.NotFound)
        {
            return new LockReadResult(null, null);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            return new LockReadResult(null, exception);
        }
    }

    /// <summary>Sends a write and waits for its outcome, at most for the time limit. It cannot be canceled, because a request that was
    /// sent may take effect.</summary>
    public Task<LockWriteResult> PatchAsync(ConfigMapPatch patch) => LockWriteResult.OfAsync(_limited.PatchAsync(key, patch, CancellationToken.None));

    /// <summary>Creates the ConfigMap without a holder.</summary>
    public Task<LockWriteResult> CreateAsync(string clusterId) =>
        LockWriteResult.OfAsync(_limited.CreateAsync(key, HaNames.Labels(clusterId), HaNames.Annotations(clusterId), CancellationToken.None));
}

/// <summary>What a read found: a state, nothing (the ConfigMap does not exist), or an error.</summary>
internal readonly record struct LockReadResult(LockState? State, Exception? Error)
{
    public bool IsDeleted => State is null && Error is null;
}

/// <summary>The outcome of a write to the lock.</summary>
internal readonly record struct LockWriteResult(
    LockWriteOutcome Outcome, ConfigMap? Stored, Exception? Error = null, KubernetesFailure Failure = KubernetesFailure.Other)
{
    /// <summary>Waits for the outcome of a write.</summary>
    public static async Task<LockWriteResult> OfAsync(Task<ConfigMap> write)
    {
        try
        {
            return new LockWriteResult(LockWriteOutcome.Written, await write.ConfigureAwait(false));
        }
        catch (KubernetesHaException exception) when (!exception.IsOutcomeUnknown)
        {
            var outcome = exception.Failure switch
            {
                KubernetesFailure.Conflict or KubernetesFailure.Invalid or KubernetesFailure.NotFound or KubernetesFailure.AlreadyExists =>
                    LockWriteOutcome.Refused,
                _ => LockWriteOutcome.Failed,
            };
            return new LockWriteResult(outcome, null, exception, exception.Failure);
        }
        catch (Exception exception)
        {
            return new LockWriteResult(LockWriteOutcome.Unknown, null, exception);
        }
    }
}

internal enum LockWriteOutcome
{
    /// <summary>The write took effect.</summary>
    Written,

    /// <summary>The write did not take effect: the lock is not in the state that the write expected.</summary>
    Refused,

    /// <summary>The write did not take effect for a reason other than the state of the lock, such as a missing permission.</summary>
    Failed,

    /// <summary>The response was lost. The write may have taken effect, or may still take effect.</summary>
    Unknown,
}
