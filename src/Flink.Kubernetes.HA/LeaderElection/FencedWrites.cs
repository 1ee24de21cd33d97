using Flink.Kubernetes.HA.ConfigMaps;
using Flink.Kubernetes.HA.LeaderElection.Locking;

namespace Flink.Kubernetes.HA.LeaderElection;

/// <summary>Writes to the term's ConfigMap that take effect only while the term holds the lock (guarantee P1 in docs/guarantees.md).</summary>
/// <remarks>
/// The patch tests the lock record and the term: a contender that follows client-go changes only the record when it takes over. A
/// renewal of this term changes the record as well; the write is then retried with the new one.
/// </remarks>
internal sealed class FencedWrites(ElectionContext context, LeadershipTerm term)
{
    /// <summary>Applies the change if this term is still the leader.</summary>
    /// <exception cref="LeadershipLostException">Leadership was lost before the write took effect; nothing was written.</exception>
    /// <exception cref="KubernetesHaException">The change itself was refused, or the request failed.</exception>
    public Task<ConfigMap> PatchAsync(IReadOnlyCollection<PatchOperation> change, CancellationToken cancellationToken) =>
        PatchAsync(change, new FencedAttempt(), cancellationToken);

    /// <summary>Applies the change if this term is still the leader; the attempt says which write may still take effect after a failure.</summary>
    public async Task<ConfigMap> PatchAsync(IReadOnlyCollection<PatchOperation> change, FencedAttempt attempt, CancellationToken cancellationToken)
    {
        while (true)
        {
            // 1. No write is begun after the term has ended. This check only saves the request: the fence below is what refuses
            //    a write that is overtaken by a takeover between here and the API server.
            term.ThrowIfLost();

            // 2. The fence is what this term is known to have written last. It is noted before the request is sent, because a request
            //    that fails without an answer can take effect for as long as that is stored.
            var expected = term.History.Latest.Texts;
            cancellationToken.ThrowIfCancellationRequested();
            attempt.Fence = expected.Lock;
            try
            {
                return await context.Requests.Requests.PatchAsync(context.Requests.Key, LockPatches.Fenced(expected, change), cancellationToken).ConfigureAwait(false);
            }
            catch (KubernetesHaException exception) when (!exception.IsOutcomeUnknown)
            {
                // 3. The API server has answered: this request did not and will not take effect.
                attempt.Fence = null;
                if (exception.Failure is not (KubernetesFailure.Invalid or KubernetesFailure.NotFound))
                {
                    throw;
                }

                // 4. The status does not say which part of the patch was refused. If this term has renewed the lock since step 2, or
                //    must restore it, it was our own fence: try again. If the expected record is still stored, it was the change.
                if (term.History.Latest.Texts == expected && await IsStoredAsync(expected, cancellationToken).ConfigureAwait(false))
                {
                    throw;
                }
            }
        }
    }

    /// <summary>Reads whether the expected record is stored, so that the change itself was refused; tells the keeper what else is.</summary>
    private async Task<bool> IsStoredAsync(LockTexts expected, CancellationToken cancellationToken)
    {
        var read = await context.Requests.ReadAsync(cancellationToken).ConfigureAwait(false);
        if (read.Error is not null)
        {
            throw read.Error;
        }

        var judgment = term.History.Judge(read.State);
        if (judgment.Verdict == LockVerdict.Edited && term.History.Latest.Texts == expected)
        {
            // The keeper restores the lock, or learns that it is lost: either ends the wait.
            await term.MoveFenceAsync(expected.Lock, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            term.Learn(judgment);
        }

        return judgment is { Verdict: LockVerdict.Latest, Sent.Texts: var stored } && stored == expected;
    }
}

/// <summary>What is known about a fenced write while it is in progress and after it has failed.</summary>
internal sealed class FencedAttempt
{
    /// <summary>The lock record that the last request tests, or <see langword="null"/> if no request can still take effect.</summary>
    /// <remarks>Read it after the write has ended. The request can take effect as long as this record is stored.</remarks>
    public string? Fence { get; set; }
}
