using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.LeaderElection;

/// <summary>One try to get the lock: a compare-and-swap on the ConfigMap as it was last seen.</summary>
internal sealed class LockAcquisition(ElectionContext context)
{
    /// <summary>Creates the ConfigMap without a holder: the fencing token needs a revision of the store, which an object has only once it exists.</summary>
    public async Task<LockAttempt> CreateAsync()
    {
        var key = context.Requests.Key;
        var result = await context.Requests.CreateAsync(new ObjectMeta
        {
            Name = key.Name,
            Namespace = key.Namespace,
            Labels = HaNames.Labels(context.ClusterId),
        }).ConfigureAwait(false);
        return result.Outcome switch
        {
            LockWriteOutcome.Written => new LockAttempt(LockWriteOutcome.Written, LockState.Of(result.Stored)),
            LockWriteOutcome.Refused when result.Failure is KubeFailure.NotFound or KubeFailure.Invalid => new LockAttempt(LockWriteOutcome.Failed, Error: result.Error),
            _ => new LockAttempt(result.Outcome, Error: result.Error),
        };
    }

    public async Task<LockAttempt> TakeAsync(LockState seen, long lastFencingToken, string? address)
    {
        var time = context.TimeProvider.GetUtcNow();
        var term = new TermRecord
        {
            HolderIdentity = context.Identity,
            SessionId = Guid.NewGuid(),
            FencingToken = seen.NextFencingToken(lastFencingToken),
            Address = address,
        };

        // As client-go counts: only a change of hands is a transition, and the first holder is none.
        var isTransition = seen.Record.IsPresent && seen.Record.HolderIdentity != context.Identity;
        var record = seen.Record.Held(context.Identity, context.Options.LeaseDuration, time, time, seen.Record.LeaderTransitions + (isTransition ? 1 : 0));
        var sentAt = context.TimeProvider.GetTimestamp();
        var won = new WonLock(term, LeaderElectionRecord.Parse(record), time, seen.Uid, sentAt);
        var result = await context.Requests.PatchAsync(LockPatches.Take(seen.ResourceVersion, context.ClusterId, record, term)).ConfigureAwait(false);
        return result.Outcome switch
        {
            LockWriteOutcome.Written => new LockAttempt(LockWriteOutcome.Written, Won: won),
            LockWriteOutcome.Unknown => new LockAttempt(LockWriteOutcome.Unknown, Won: won, Error: result.Error),

            // A conflict is 409; 422 means that the object itself is refused, such as an immutable ConfigMap.
            LockWriteOutcome.Refused when result.Failure == KubeFailure.Invalid => new LockAttempt(LockWriteOutcome.Failed, Error: result.Error),
            _ => new LockAttempt(result.Outcome, Error: result.Error),
        };
    }
}
