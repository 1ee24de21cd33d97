using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.Testing.Faults;

/// <summary>Runs calls to a storage, and lets them fail as the plan says.</summary>
internal sealed class FaultyStorageCalls(FaultPlan<StorageFaultRule, StorageCall> plan, TimeProvider timeProvider) : IDisposable
{
    private readonly CancellationTokenSource _stopped = new();

    /// <param name="call">What the rules see.</param>
    /// <param name="send">Does it; told the rule, for streams that go wrong later.</param>
    /// <param name="late">Takes over what the call needs, and returns what does it later.</param>
    /// <param name="cancellationToken">The caller's.</param>
    public async Task<T> RunAsync<T>(
        StorageCall call,
        Func<StorageFaultRule?, CancellationToken, Task<T>> send,
        Func<CancellationToken, Task<Func<CancellationToken, Task>>>? late,
        CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var rule = plan.Next(call);
        switch (rule?.Kind)
        {
            case StorageFaultKind.Fail:
                throw call.Failed(rule.Failure);
            case StorageFaultKind.LoseRequest:
                throw call.Lost("the request was lost");
            case StorageFaultKind.DeliverLate:
                if (late is not null)
                {
                    _ = DeliverLateAsync(rule.Wait, await late(cancellationToken).ConfigureAwait(false));
                }

                throw call.Lost("the request is late");
            case StorageFaultKind.LoseResponse:
                await CompleteAsync(send, cancellationToken).ConfigureAwait(false);
                throw call.Lost("the answer was lost");
            case StorageFaultKind.Hang:
                if (rule.AfterEffect)
                {
                    await CompleteAsync(send, cancellationToken).ConfigureAwait(false);
                }

                await WaitAsync(Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(false);
                break;
            case StorageFaultKind.Delay when !rule.AfterEffect:
                await WaitAsync(rule.Wait, cancellationToken).ConfigureAwait(false);
                break;
        }

        var result = await send(rule, cancellationToken).ConfigureAwait(false);
        if (rule is { Kind: StorageFaultKind.Delay, AfterEffect: true })
        {
            await WaitAsync(rule.Wait, cancellationToken).ConfigureAwait(false);
        }

        return result;
    }

    public void Dispose()
    {
        plan.Clear();
        _stopped.Cancel();
        _stopped.Dispose();
    }

    private static async Task CompleteAsync<T>(Func<StorageFaultRule?, CancellationToken, Task<T>> send, CancellationToken cancellationToken)
    {
        try
        {
            var result = await send(null, cancellationToken).ConfigureAwait(false);
            (result as IDisposable)?.Dispose();
        }
        catch (StateStorageException)
        {
            // A refusal is an answer like any other: the caller never hears of it.
        }
    }

    private async Task DeliverLateAsync(TimeSpan delay, Func<CancellationToken, Task> send)
    {
        try
        {
            var stopped = _stopped.Token;
            await WaitAsync(delay, stopped).ConfigureAwait(false);
            await send(stopped).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is StateStorageException or OperationCanceledException or ObjectDisposedException)
        {
            // Nobody waits for the answer any more.
        }
    }

    private Task WaitAsync(TimeSpan time, CancellationToken cancellationToken) => Task.Delay(time, timeProvider, cancellationToken);
}
