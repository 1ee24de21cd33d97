using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.S3.Requests;

/// <summary>Sends requests within their time limit and converts the exceptions of the AWS SDK.</summary>
internal sealed class S3Calls(S3StateStorageOptions options, TimeProvider timeProvider)
{
    public string ObjectPrefix { get; } = options.KeyPrefix.Length == 0 ? string.Empty : options.KeyPrefix + "/";

    public string ObjectName(StateKey key) => ObjectPrefix + key.Value;

    public string LocationOf(StateKey? key) => $"s3://{options.BucketName}/{(key is null ? options.KeyPrefix : ObjectName(key))}";

    public StateKey? KeyOf(string objectName) =>
        objectName.StartsWith(ObjectPrefix, StringComparison.Ordinal) ? StateKey.TryCreate(objectName[ObjectPrefix.Length..]) : null;

    public static DateTimeOffset Time(DateTime? time) => time is null ? DateTimeOffset.UnixEpoch : new DateTimeOffset(time.Value.ToUniversalTime());

    /// <summary>Sends a request; throws the exceptions of the storage.</summary>
    public async Task<T> RunAsync<T>(S3Call call, Func<CancellationToken, Task<T>> send, CancellationToken cancellationToken)
    {
        try
        {
            return await SendAsync(send, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (S3Failures.IsOfServer(exception, cancellationToken))
        {
            var failure = S3Failures.Explain(exception, options);
            throw ToException(call, failure, exception, call.IsWrite && failure.MayHaveActed);
        }
    }

    /// <summary>Sends a request; throws the exceptions of the AWS SDK.</summary>
    public async Task<T> SendAsync<T>(Func<CancellationToken, Task<T>> send, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var limit = new CancellationTokenSource(options.RequestTimeout, timeProvider);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return await send(linked.Token).ConfigureAwait(false);
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            // The caller's cancellation takes precedence over whatever the SDK turned it into.
            cancellationToken.ThrowIfCancellationRequested();
            throw;
        }
    }

    public StateStorageException ToException(S3Call call, S3Failure failure, Exception? cause, bool isOutcomeUnknown = false)
    {
        var advice = isOutcomeUnknown ? " It may have taken effect, or may still: use another key for the next attempt." : string.Empty;
        var message = $"Could not {call.Verb} {LocationOf(call.Key)}: {failure.What}.{(call.Verb == "write" ? advice : string.Empty)}";
        return new StateStorageException(failure.Failure, message, cause)
        {
            Key = call.Key,
            Location = LocationOf(call.Key),
            IsOutcomeUnknown = isOutcomeUnknown,
        };
    }
}
