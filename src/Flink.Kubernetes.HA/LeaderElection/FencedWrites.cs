using Flink.Kubernetes.HA.KubeClient;

namespace Flink.Kubernetes.HA.LeaderElection;

/// <summary>Writes to the term's ConfigMap that take effect only while the term holds the lock (promise P1).</summary>
/// <remarks>
/// The lock record itself is tested, not only the session: a contender that follows client-go changes nothing else when it
/// takes over. A renewal of one's own in between changes the record too; then the write is tried again with the new one.
/// </remarks>
internal sealed class FencedWrites(ElectionContext context, LeadershipTerm term)
{
    /// <summary>Applies the change if this term still leads.</summary>
    /// <exception cref="LeadershipLostException">It does not; nothing was written.</exception>
    /// <exception cref="KubeClientException">The change itself was refused, or the request failed.</exception>
    public Task<PartialObjectMetadata> PatchAsync(IReadOnlyCollection<JsonPatchOperation> change, CancellationToken cancellationToken) =>
        PatchAsync(change, new FencedAttempt(), cancellationToken);

    /// <summary>Applies the change if this term still leads; the attempt tells what may be under way when it fails.</summary>
    public async Task<PartialObjectMetadata> PatchAsync(IReadOnlyCollection<JsonPatchOperation> change, FencedAttempt attempt, CancellationToken cancellationToken)
    {
        var history = term.Keeper.History;
        while (true)
        {
            ThrowIfLost();
            var expected = history.Latest.Annotation;
            cancellationToken.ThrowIfCancellationRequested();
            attempt.Fence = expected;
            try
            {
                var patch = LockPatches.Fenced(expected, term.SessionId, change);
                return await context.Requests.SendAsync(patch, cancellationToken).ConfigureAwait(false);
            }
            catch (KubeClientException exception) when (!exception.IsOutcomeUnknown)
            {
                attempt.Fence = null;
                if (exception.Failure is not (KubeFailure.Invalid or KubeFailure.NotFound))
                {
                    throw;
                }

                if (history.Latest.Annotation == expected && !await StandsAsync(history, expected, cancellationToken).ConfigureAwait(false))
                {
                    throw;
                }
            }
        }
    }

    /// <summary>Whether another record of this term stands in the ConfigMap, so that the write is worth another try.</summary>
    private async Task<bool> StandsAsync(LockHistory history, string expected, CancellationToken cancellationToken)
    {
        var read = await context.Requests.ReadAsync(cancellationToken).ConfigureAwait(false);
        if (read.Error is not null)
        {
            throw read.Error;
        }

        if (history.Find(read.State?.Record.Annotation) is { } standing)
        {
            history.Written(standing);
            return standing.Annotation != expected;
        }

        if (history.Latest.Annotation != expected)
        {
            // Renewed again, and known to be, while this was read: what was read is of before, and tells of no one else.
            return true;
        }

        term.Keeper.Wake();
        ThrowIfLost();
        throw read.IsDeleted
            ? new LeadershipLostException(term.Component, LeadershipLossReason.Deleted, $"Nothing was written: ConfigMap {context.Requests.Key} does not exist. It was deleted by someone else, with all that it held.")
            : new LeadershipLostException(term.Component, LeadershipLossReason.TakenOver, $"Nothing was written: ConfigMap {context.Requests.Key} is not held by this term any more.");
    }

    private void ThrowIfLost()
    {
        if (term.Keeper.Loss is { } loss)
        {
            throw loss.ToException(term.Component);
        }
    }
}
