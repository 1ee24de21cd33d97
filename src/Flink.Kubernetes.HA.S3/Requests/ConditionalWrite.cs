using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.S3.Requests;

/// <summary>A request that makes an object where there is none, repeated until it is known what became of it, or for as long as it is worth it.</summary>
internal sealed class ConditionalWrite(S3Call call, string writer, S3StateStorageOptions options, S3Objects objects, S3Calls calls, TimeProvider timeProvider)
{
    private static readonly TimeSpan FirstWait = TimeSpan.FromMilliseconds(100);
    private bool _mayHaveActed;

    /// <summary>Sends it. Returns when the object is there and is ours.</summary>
    public async Task RunAsync<T>(Func<CancellationToken, Task<T>> send, CancellationToken cancellationToken)
    {
        for (var tries = 0; ; tries++)
        {
            try
            {
                await calls.SendAsync(send, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (Exception exception) when (S3Failures.IsOfServer(exception, cancellationToken))
            {
                if (await IsDoneAsync(exception, tries, cancellationToken).ConfigureAwait(false))
                {
                    return;
                }
            }

            await Task.Delay(FirstWait * (1 << Math.Min(tries, 5)) * (0.5 + Random.Shared.NextDouble()), timeProvider, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Settles a failure: the object is ours after all, or it is worth another try, or it is thrown.</summary>
    private async Task<bool> IsDoneAsync(Exception exception, int tries, CancellationToken cancellationToken)
    {
        var failure = S3Failures.Explain(exception, options);
        _mayHaveActed |= failure.MayHaveActed;
        var isTaken = failure.Failure == StateStorageFailure.AlreadyExists;
        if (!isTaken && !failure.IsPassing && !failure.IsUploadGone)
        {
            throw calls.ToException(call, failure, exception, _mayHaveActed);
        }

        // Also a "taken" may be our own doing: an earlier request whose answer was lost.
        switch (await objects.WhoWroteAsync(call.Key!, writer, cancellationToken).ConfigureAwait(false))
        {
            case S3Writer.This:
                return true;
            case S3Writer.Another:
                throw calls.ToException(call, isTaken ? failure : S3Failures.Taken, exception, _mayHaveActed);
            case S3Writer.Unknown when isTaken:
                throw calls.ToException(call, failure, exception, isOutcomeUnknown: true);
            default:
                // Nobody's: the condition makes it harmless to send it again, also when the last one is still under way.
                return tries < options.MaxRetries && !failure.IsUploadGone
                    ? false
                    : throw calls.ToException(call, failure, exception, _mayHaveActed || isTaken);
        }
    }
}
