using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Flink.Kubernetes.HA.ConfigMaps;
using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.LeaderElection.Locking;
using Flink.Kubernetes.HA.LeaderElection;

namespace Flink.Kubernetes.HA.StateHandles.Writing;

/// <summary>Writes changes to the ConfigMap of a term, one after another, and determines the outcome of those whose response was lost.</summary>
[SuppressMessage("Design", "CA1001", Justification = "A semaphore whose wait handle is not used holds no resources.")]
internal sealed class TermWriter
{
    private const int MostRefusals = 8;

    private static readonly ConditionalWeakTable<LeadershipTerm, TermWriter> Writers = [];

    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly WriteSettlement _settlement;
    private readonly ConfigMapUsage _usage;

    private TermWriter(LeadershipTerm term)
    {
        Term = term;
        _usage = new ConfigMapUsage(term);
        Reader = new ConfigMapReader(term.Requests, term.ConfigMap.Namespace, term.ClusterId, term.Component, _usage.Saw);
        _settlement = new WriteSettlement(term, Reader);
    }

    public LeadershipTerm Term { get; }

    public ConfigMapReader Reader { get; }

    public ObjectKey ConfigMap => Reader.Key;

    /// <summary>Returns the writer that all stores of a term share, so that an unsettled write of one store is settled before another
    /// store writes.</summary>
    public static TermWriter Of(LeadershipTerm term) => Writers.GetValue(term, static term => new TermWriter(term));

    /// <summary>Makes the changes, if the term is still the leader and they fit the stored entries.</summary>
    public async Task CommitAsync(ChangeSet changes, CancellationToken cancellationToken)
    {
        Term.ThrowIfLost();
        cancellationToken.ThrowIfCancellationRequested();
        var attempts = new Attempts(Term);
        while (true)
        {
            // 1. One write of the term at a time, so that at most one is in flight.
            await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                // 2. An earlier write whose caller was canceled may still land. Settled first, or it could land after this one, and what this
                //    one adapts to would change under it.
                await _settlement.SettleEarlierAsync(cancellationToken).ConfigureAwait(false);
                if (await TryWriteAsync(changes, attempts, cancellationToken).ConfigureAwait(false))
                {
                    return;
                }
            }
            finally
            {
                _turn.Release();
            }

            // 3. Certainly not written. The pause is outside of the turn: a write that the server refuses for its content or its size must
            //    not keep the others waiting.
            await attempts.Retry.PauseAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Reads the ConfigMap, and retries temporary failures until the term ends.</summary>
    public async Task<ConfigMapContent> ReadAsync(CancellationToken cancellationToken)
    {
        Term.ThrowIfLost();
        var retry = TermRetry.OfRequests(Term);
        while (true)
        {
            try
            {
                using var limit = RequestTimeLimit.Of(Term, cancellationToken);
                return await Reader.ReadAsync(limit.Token).Observed().WaitAsync(limit.Token).ConfigureAwait(false);
            }
            catch (Exception exception) when (RequestTimeLimit.IsTransient(exception) && !cancellationToken.IsCancellationRequested)
            {
                Term.ThrowIfLost();
                await retry.PauseAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <returns>Whether the changes were made; if not, they certainly were not, and should be retried after a pause.</returns>
    private async Task<bool> TryWriteAsync(ChangeSet changes, Attempts attempts, CancellationToken cancellationToken)
    {
        await CheckSizeAsync(changes, cancellationToken).ConfigureAwait(false);
        var attempt = new FencedAttempt();

        // 1. Set before the request is sent. From here on no exit may delete the new data, neither a cancellation nor a lost response,
        //    until the API server or a read has shown that the changes are not stored.
        changes.MayBeStored = true;
        try
        {
            using var limit = RequestTimeLimit.Of(Term, cancellationToken);
            await Term.Writes.PatchAsync(changes.ToOperations(), attempt, limit.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (attempt.Fence is null)
        {
            // 2. No request can still take effect: the API server has refused it, or none was sent.
            changes.MayBeStored = false;
            cancellationToken.ThrowIfCancellationRequested();
            switch (await AdaptAsync(changes, exception, attempts, cancellationToken).ConfigureAwait(false))
            {
                case Reaction.WriteAtOnce:
                    return await TryWriteAsync(changes, attempts, cancellationToken).ConfigureAwait(false);
                case Reaction.WriteLater:
                    return false;
                default:
                    Term.Metrics.StateWritten(Term.MetricTag, "refused");
                    throw;
            }
        }
        catch (Exception exception)
        {
            // 3. The response was lost, or the wait for it was canceled. The write is neither repeated nor reported as failed before it
            //    is known whether it took effect: repeated, it would be refused because of its own first attempt.
            Log.AnswerLost(Term.Logger, ConfigMap.ToString(), changes.Keys, exception);
            Term.Metrics.StateWritten(Term.MetricTag, "unknown");
            if (!await _settlement.SettleAsync(new UnsettledWrite(changes, attempt.Fence!, exception), cancellationToken).ConfigureAwait(false))
            {
                // 4. Not written although the server is there, again and again: it fails for this very write, such as in a webhook or
                //    because it is too large for etcd.
                changes.MayBeStored = false;
                if (++attempts.Losses >= MostRefusals && exception is KubernetesHaException)
                {
                    throw;
                }

                return false;
            }
        }

        _usage.Wrote(changes);
        Term.Metrics.StateWritten(Term.MetricTag, "written");
        return true;
    }

    private async Task<Reaction> AdaptAsync(ChangeSet changes, Exception exception, Attempts attempts, CancellationToken cancellationToken)
    {
        switch (exception)
        {
            case KubernetesHaException { Failure: KubernetesFailure.Invalid }:
                // A test of the patch failed and the lock is still ours (FencedWrites has checked): an entry is not the expected one. The
                // write goes without a read in front of it; only this refusal costs one.
                var content = await ReadAsync(cancellationToken).ConfigureAwait(false);
                changes.Adapt(content);
                _usage.ThrowIfFull(changes, exception);
                if (attempts.Refusals++ == 0)
                {
                    return Reaction.WriteAtOnce;
                }

                // The entries fit and it was refused again: someone has edited another part of the ConfigMap, such as the session id. The
                // keeper restores it with the next renewal.
                Term.Wake();
                return attempts.Refusals <= MostRefusals ? Reaction.WriteLater : Reaction.Throw;
            case KubernetesHaException { Failure: KubernetesFailure.TooLarge }:
                _ = await ReadAsync(cancellationToken).ConfigureAwait(false);
                _usage.ThrowAsFull(changes, exception);
                return Reaction.Throw;
            default:
                // An outage shorter than the lease is not a failure, and does not count as one. If the term ends meanwhile, the next
                // attempt throws.
                return RequestTimeLimit.IsTransient(exception) ? Reaction.WriteLater : Reaction.Throw;
        }
    }

    private async Task CheckSizeAsync(ChangeSet changes, CancellationToken cancellationToken)
    {
        if (_usage.IsFull(changes))
        {
            // The known size may be out of date: someone else may have removed entries.
            _ = await ReadAsync(cancellationToken).ConfigureAwait(false);
            _usage.ThrowIfFull(changes, cause: null);
        }
    }

    private enum Reaction
    {
        WriteAtOnce,
        WriteLater,
        Throw,
    }

    /// <summary>What became of the attempts of one write.</summary>
    private sealed class Attempts(LeadershipTerm term)
    {
        public TermRetry Retry { get; } = TermRetry.OfRequests(term);

        /// <summary>How often the server said that an entry or the lock is not the expected one.</summary>
        public int Refusals { get; set; }

        /// <summary>How often the write turned out not to be stored after its response was lost.</summary>
        public int Losses { get; set; }
    }
}
