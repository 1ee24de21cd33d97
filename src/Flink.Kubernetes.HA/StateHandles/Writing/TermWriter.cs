using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.StateHandles.Changes;

namespace Flink.Kubernetes.HA.StateHandles.Writing;

/// <summary>Makes changes to the ConfigMap of a term, one after another, and finds out what became of those whose answer was lost.</summary>
[SuppressMessage("Design", "CA1001", Justification = "A semaphore that nobody asks for its wait handle holds nothing to dispose.")]
internal sealed class TermWriter
{
    private const int MostRefusals = 8;

    private static readonly ConditionalWeakTable<LeadershipTerm, TermWriter> Writers = [];

    private readonly ElectionContext _context;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly WriteSettlement _settlement;
    private readonly ConfigMapUsage _usage;

    private TermWriter(LeadershipTerm term)
    {
        Term = term;
        _context = term.Context;
        _usage = new ConfigMapUsage(_context);
        Reader = new ConfigMapReader(_context.Requests.Client, _context.Requests.Key, _usage.Saw);
        _settlement = new WriteSettlement(term, Reader);
    }

    public LeadershipTerm Term { get; }

    public ConfigMapReader Reader { get; }

    public ObjectKey ConfigMap => Reader.Key;

    /// <summary>All stores of a term write through the same one: an unsettled write of one must not surprise another.</summary>
    public static TermWriter Of(LeadershipTerm term) => Writers.GetValue(term, static term => new TermWriter(term));

    public void ThrowIfLost()
    {
        if (Term.Keeper.Loss is { } loss)
        {
            throw loss.ToException(Term.Component);
        }
    }

    /// <summary>Makes the changes, if the term leads and they fit what stands.</summary>
    public async Task CommitAsync(ChangeSet changes, StoredContents contents, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // What an earlier write may still do must not come between.
            await _settlement.SettleEarlierAsync(cancellationToken).ConfigureAwait(false);
            for (var refusals = 0; !await TryWriteAsync(changes, contents, refusals, cancellationToken).ConfigureAwait(false); refusals++)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Reads, and rides out what hinders as long as the term leads.</summary>
    public async Task<ConfigMapContent> ReadAsync(CancellationToken cancellationToken)
    {
        ThrowIfLost();
        while (true)
        {
            try
            {
                using var limit = RequestLimit.Of(Term, cancellationToken);
                return await Reader.ReadAsync(limit.Token).WaitAsync(limit.Token).ConfigureAwait(false);
            }
            catch (Exception exception) when (RequestLimit.IsTransient(exception) && !cancellationToken.IsCancellationRequested)
            {
                ThrowIfLost();
                await Term.PauseAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <returns>Whether the changes were made; otherwise they certainly were not, and another try is worth it.</returns>
    private async Task<bool> TryWriteAsync(ChangeSet changes, StoredContents contents, int refusals, CancellationToken cancellationToken)
    {
        await CheckSizeAsync(changes, cancellationToken).ConfigureAwait(false);
        var attempt = new FencedAttempt();
        changes.MayStand = true;
        try
        {
            using var limit = RequestLimit.Of(Term, cancellationToken);
            await Term.Writes.PatchAsync(changes.ToOperations(), attempt, limit.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (attempt.Fence is null)
        {
            changes.MayStand = false;
            cancellationToken.ThrowIfCancellationRequested();
            if (!await IsWorthAnotherTryAsync(changes, contents, exception, refusals, cancellationToken).ConfigureAwait(false))
            {
                _context.Metrics.StateWritten(_context.MetricTag, "refused");
                throw;
            }

            return false;
        }
        catch (Exception exception)
        {
            Log.AnswerLost(_context.Logger, ConfigMap.ToString(), changes.Keys, exception);
            _context.Metrics.StateWritten(_context.MetricTag, "unknown");
            var write = new UnsettledWrite(changes, attempt.Fence!, contents, exception);
            if (!await _settlement.SettleAsync(write, cancellationToken).ConfigureAwait(false))
            {
                changes.MayStand = false;
                return false;
            }
        }

        _usage.Wrote(changes);
        _context.Metrics.StateWritten(_context.MetricTag, "written");
        return true;
    }

    private async Task<bool> IsWorthAnotherTryAsync(ChangeSet changes, StoredContents contents, Exception exception, int refusals, CancellationToken cancellationToken)
    {
        switch (exception)
        {
            case KubeClientException { Failure: KubeFailure.Invalid }:
                var content = await ReadAsync(cancellationToken).ConfigureAwait(false);
                await changes.AdaptAsync(content, ConfigMap, contents, cancellationToken).ConfigureAwait(false);
                _usage.ThrowIfFull(changes, exception);
                if (refusals > 0)
                {
                    // All is as it should be, but for something that someone has edited: the keeper of the lock puts its part back.
                    Term.Keeper.Wake();
                    await Term.PauseAsync(cancellationToken).ConfigureAwait(false);
                }

                return refusals < MostRefusals;
            case KubeClientException { Failure: KubeFailure.TooLarge }:
                _ = await ReadAsync(cancellationToken).ConfigureAwait(false);
                _usage.ThrowAsFull(changes, exception);
                return false;
            case KubeClientException { Failure: KubeFailure.Unavailable or KubeFailure.Timeout or KubeFailure.TooManyRequests }:
            case TimeoutException:
            case OperationCanceledException:
                // An outage that the lease outlasts is no reason to fail. When the term is lost, the next try says so.
                await Term.PauseAsync(cancellationToken).ConfigureAwait(false);
                return true;
            default:
                return false;
        }
    }

    private async Task CheckSizeAsync(ChangeSet changes, CancellationToken cancellationToken)
    {
        if (_usage.IsFull(changes))
        {
            // Others may have made room.
            _ = await ReadAsync(cancellationToken).ConfigureAwait(false);
            _usage.ThrowIfFull(changes, cause: null);
        }
    }
}
