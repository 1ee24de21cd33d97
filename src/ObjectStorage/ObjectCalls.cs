namespace Flink.Kubernetes.HA.Storage.Objects;

/// <summary>Sends requests within their time limit and converts the exceptions of an SDK.</summary>
internal abstract class ObjectCalls(string keyPrefix, TimeSpan requestTimeout, TimeProvider timeProvider)
{
    public string ObjectPrefix { get; } = keyPrefix.Length == 0 ? string.Empty : keyPrefix + "/";

    public string ObjectName(StateKey key) => ObjectPrefix + key.Value;

    public StateKey? KeyOf(string objectName) =>
        objectName.StartsWith(ObjectPrefix, StringComparison.Ordinal) ? StateKey.TryCreate(objectName[ObjectPrefix.Length..]) : null;

    /// <summary>The location of data, or of the storage, for people.</summary>
    public abstract string LocationOf(StateKey? key);

    /// <summary>Whether an exception is one of the server, the connection or a time limit.</summary>
    public abstract bool IsOfServer(Exception exception);

    /// <summary>Returns what such an exception means.</summary>
    public abstract ObjectFailure Explain(Exception exception, ObjectCall call);

    /// <summary>Sends a request; throws the exceptions of the storage.</summary>
    public async Task<T> RunAsync<T>(ObjectCall call, Func<CancellationToken, Task<T>> send, CancellationToken cancellationToken)
    {
        try
        {
            return await SendAsync(send, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (IsFailure(exception, cancellationToken))
        {
            var failure = Explain(exception, call);
            throw ToException(call, failure, exception, call.IsWrite && failure.MayHaveActed);
        }
    }

    /// <summary>Whether an exception is a failure to explain, and not the cancellation of the caller or a mistake.</summary>
    public bool IsFailure(Exception exception, CancellationToken cancellationToken) =>
        exception is OperationCanceledException ? !cancellationToken.IsCancellationRequested : IsOfServer(exception);

    /// <summary>Sends a request; throws the exceptions of the SDK.</summary>
    public async Task<T> SendAsync<T>(Func<CancellationToken, Task<T>> send, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var limit = new CancellationTokenSource(requestTimeout, timeProvider);
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
        catch (Exception exception) when (limit.IsCancellationRequested && exception is not OperationCanceledException && IsOfServer(exception))
        {
            throw new TimeoutException("The time limit of the request has passed.", exception);
        }
    }

    public StateStorageException ToException(ObjectCall call, ObjectFailure failure, Exception? cause, bool isOutcomeUnknown = false)
    {
        var advice = isOutcomeUnknown && call.Verb == "write" ? " It may have taken effect, or may still: use another key for the next attempt." : string.Empty;
        var words = failure.Words is null ? string.Empty : $" The server says: '{failure.Words}'.";
        return new StateStorageException(failure.Failure, $"Could not {call.Verb} {LocationOf(call.Key)}: {failure.What}.{words}{advice}", cause)
        {
            Key = call.Key,
            Location = LocationOf(call.Key),
            IsOutcomeUnknown = isOutcomeUnknown,
        };
    }
}
