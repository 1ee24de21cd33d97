using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.S3.Requests;

/// <summary>A request that creates an object if there is none, retried until its outcome is known or the retries are used up.</summary>
internal sealed class ConditionalWrite(
    S3Call call, string writer, S3StateStorageOptions options, S3Objects objects, S3Calls calls, TimeProvider timeProvider)
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
            catch (Exception exception) when (S3Failures.IsOfServer(exception, cancellationToken))
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
        var failure = S3Failures.Explain(exception, options);
        _mayHaveActed |= failure.MayHaveActed;
        var isTaken = failure.Failure == StateStorageFailure.AlreadyExists;
        if (!isTaken && !failure.IsPassing && !failure.IsUploadGone)
        {
            throw calls.ToException(call, failure, exception, _mayHaveActed);
        }

        // A refusal because the key is in use may also be caused by an earlier attempt of ours whose response was lost.
        switch (await objects.WhoWroteAsync(call.Key!, writer, cancellationToken).ConfigureAwait(false))
        {
            case S3Writer.This:
                return true;
            case S3Writer.Another:
                throw calls.ToException(call, isTaken ? failure : S3Failures.Taken, exception, _mayHaveActed);
            case S3Writer.Unknown when isTaken:
                throw calls.ToException(call, failure, exception, isOutcomeUnknown: true);
            default:
                // No object: the condition makes it harmless to send the request again, even if an earlier one is still on its way.
                return tries < options.MaxRetries && !failure.IsUploadGone
                    ? false
                    : throw calls.ToException(call, failure, exception, _mayHaveActed || isTaken);
        }
    }
}
