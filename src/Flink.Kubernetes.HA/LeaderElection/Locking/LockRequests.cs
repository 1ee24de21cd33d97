using Flink.Kubernetes.HA.ConfigMaps;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.LeaderElection.Locking;

/// <summary>The requests of one component's election, each with the election's own time limit and without retries.</summary>
internal sealed class LockRequests(ConfigMapRequests requests, ObjectKey key, TimeSpan timeout, RenewalBudget budget)
{
    private readonly ConfigMapRequests _limited = requests.WithTimeout(timeout);

    public ObjectKey Key => key;

    /// <summary>When they may be sent; what became of each is recorded there.</summary>
    public RenewalBudget Budget => budget;

    /// <summary>The requests of the process, for everything but the lock.</summary>
    public ConfigMapRequests Requests => requests;

    /// <summary>Reads the lock, after a write was refused or its response was lost.</summary>
    /// <exception cref="OperationCanceledException">The token was canceled. Any other failure is in the result.</exception>
    public async Task<LockReadResult> ReadAsync(CancellationToken cancellationToken)
    {
        var sent = budget.Sent();
        try
        {
            var read = LockState.Of(await _limited.GetAsync(key, metadataOnly: true, cancellationToken).ConfigureAwait(false));
            budget.Answered(sent);
            return new LockReadResult(read, null);
        }
        catch (KubernetesHaException exception) when (exception.Failure == KubernetesFailure.NotFound)
        {
            budget.Answered(sent);
            return new LockReadResult(null, null);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            budget.Failed(exception);
            return new LockReadResult(null, exception);
        }
    }

    /// <summary>Sends a write and waits for its outcome, at most for the time limit. It cannot be canceled, because a request that was
    /// sent may take effect.</summary>
    public Task<LockWriteResult> PatchAsync(ConfigMapPatch patch) => WriteAsync(_limited.PatchAsync(key, patch, CancellationToken.None));

    /// <summary>Creates the ConfigMap without a holder.</summary>
    public Task<LockWriteResult> CreateAsync(string clusterId) =>
        WriteAsync(_limited.CreateAsync(key, HaNames.Labels(clusterId), HaNames.Annotations(clusterId), CancellationToken.None));

    private async Task<LockWriteResult> WriteAsync(Task<ConfigMap> write)
    {
        var sent = budget.Sent();
        var result = await LockWriteResult.OfAsync(write).ConfigureAwait(false);
        if (result.Outcome is LockWriteOutcome.Written or LockWriteOutcome.Refused)
        {
            budget.Answered(sent);
        }
        else
        {
            budget.Failed(result.Error!);
        }

        return result;
    }
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
