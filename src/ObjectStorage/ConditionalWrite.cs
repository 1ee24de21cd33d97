namespace Flink.Kubernetes.HA.Storage.Objects;

/// <summary>A request that creates an object if there is none, retried until its outcome is known or the retries are used up.</summary>
/// <param name="call">The call.</param>
/// <param name="whoWroteAsync">Returns who wrote the object that has the key.</param>
/// <param name="maxRetries">The number of retries.</param>
/// <param name="calls">Sends the request.</param>
/// <param name="timeProvider">The clock for the pauses.</param>
internal sealed class ConditionalWrite(
    ObjectCall call, Func<CancellationToken, Task<ObjectWriter>> whoWroteAsync, int maxRetries, ObjectCalls calls, TimeProvider timeProvider)
{
    private static readonly TimeSpan FirstWait = TimeSpan.FromMilliseconds(100);
    private bool _mayHaveActed;

    /// <summary>Sends the request; returns when the object exists and was written by it.</summary>
    public async Task RunAsync<T>(Func<CancellationToken, Task<T>> send, CancellationToken cancellationToken)
    {
        for (var tries = 0; ; tries++)
        {
            try
            {
                await calls.SendAsync(send, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (Exception exception) when (calls.IsFailure(exception, cancellationToken))
            {
                if (await IsDoneAsync(exception, tries, cancellationToken).ConfigureAwait(false))
                {
                    return;
                }
            }

            var delay = FirstWait * (1 << Math.Min(tries, 5)) * (0.5 + Random.Shared.NextDouble());
            await Task.Delay(delay, timeProvider, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Handles a failure: returns whether the object is ours after all, or throws if a retry cannot help.</summary>
    private async Task<bool> IsDoneAsync(Exception exception, int tries, CancellationToken cancellationToken)
    {
        var failure = calls.Explain(exception, call);
        _mayHaveActed |= failure.MayHaveActed;
        var isTaken = failure.Failure == StateStorageFailure.AlreadyExists;
        if (!isTaken && !failure.IsPassing && !failure.IsUploadGone)
        {
            throw calls.ToException(call, failure, exception, _mayHaveActed);
        }

        // A refusal because the key is in use may also be caused by an earlier attempt of ours whose response was lost.
        switch (await WhoWroteAsync(cancellationToken).ConfigureAwait(false))
        {
            case ObjectWriter.This:
                return true;
            case ObjectWriter.Another:
                throw calls.ToException(call, isTaken ? failure : ObjectFailure.Taken, exception, _mayHaveActed);
            case ObjectWriter.Unknown when isTaken:
                throw calls.ToException(call, failure, exception, isOutcomeUnknown: true);
            default:
                // No object: the condition makes it harmless to send the request again, even if an earlier one is still on its way.
                return tries < maxRetries && !failure.IsUploadGone
                    ? false
                    : throw calls.ToException(call, failure, exception, _mayHaveActed || isTaken);
        }
    }

    private async Task<ObjectWriter> WhoWroteAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await whoWroteAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (StateStorageException)
        {
            return ObjectWriter.Unknown;
        }
    }
}
