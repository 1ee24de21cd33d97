using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.Testing.Faults;

/// <summary>Runs calls to a storage, and lets them fail as the plan says.</summary>
internal sealed class FaultyStorageCalls(FaultPlan<StorageCall> plan, TimeProvider timeProvider) : IDisposable
{
    private readonly CancellationTokenSource _stopped = new();

    /// <param name="call">What the faults see.</param>
    /// <param name="send">Does it; it gets the fault, for streams that go wrong later.</param>
    /// <param name="late">Takes over what the call needs, and returns what does it later.</param>
    /// <param name="cancellationToken">The caller's.</param>
    public async Task<T> RunAsync<T>(
        StorageCall call,
        Func<Fault?, CancellationToken, Task<T>> send,
        Func<CancellationToken, Task<Func<CancellationToken, Task>>>? late,
        CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var fault = plan.Next(call);
        switch (fault?.Kind)
        {
            case FaultKind.Fail:
                throw call.Failed(fault.Failure);
            case FaultKind.LoseRequest:
                throw call.Lost("the request was lost");
            case FaultKind.DeliverLate:
                if (late is not null)
                {
                    _ = DeliverLateAsync(fault.Wait, await late(cancellationToken).ConfigureAwait(false));
                }

                throw call.Lost("the request is late");
            case FaultKind.LoseResponse:
                await CompleteAsync(send, cancellationToken).ConfigureAwait(false);
                throw call.Lost("the answer was lost");
            case FaultKind.Hang:
                if (fault.AfterEffect)
                {
                    await CompleteAsync(send, cancellationToken).ConfigureAwait(false);
                }

                await WaitAsync(Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(false);
                break;
            case FaultKind.Delay when !fault.AfterEffect:
                await WaitAsync(fault.Wait, cancellationToken).ConfigureAwait(false);
                break;
        }

        var result = await send(fault, cancellationToken).ConfigureAwait(false);
        if (fault is { Kind: FaultKind.Delay, AfterEffect: true })
        {
            await WaitAsync(fault.Wait, cancellationToken).ConfigureAwait(false);
        }

        return result;
    }

    public void Dispose()
    {
        plan.Clear();
        _stopped.Cancel();
        _stopped.Dispose();
    }

    private static async Task CompleteAsync<T>(Func<Fault?, CancellationToken, Task<T>> send, CancellationToken cancellationToken)
    {
        try
        {
            var result = await send(null, cancellationToken).ConfigureAwait(false);
            (result as IDisposable)?.Dispose();
        }
        catch (StateStorageException)
        {
            // The caller gets another failure in any case.
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
