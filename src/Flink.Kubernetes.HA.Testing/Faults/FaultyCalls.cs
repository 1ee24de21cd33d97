using Flink.Kubernetes.HA.KubeClient;

namespace Flink.Kubernetes.HA.Testing.Faults;

/// <summary>Runs calls, and lets them fail as the plan and the partition say.</summary>
internal sealed class FaultyCalls(FaultPlan<FaultRule, FaultableCall> plan, TimeProvider timeProvider) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stopped = new();
    private TaskCompletionSource? _healed;
    private bool _silent;

    public bool IsPartitioned
    {
        get
        {
            lock (_gate)
            {
                return _healed is not null;
            }
        }
    }

    public void Partition(bool silent)
    {
        lock (_gate)
        {
            _silent = silent;
            _healed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    public bool Heal()
    {
        TaskCompletionSource? healed;
        lock (_gate)
        {
            (healed, _healed) = (_healed, null);
        }

        healed?.TrySetResult();
        return healed is not null;
    }

    public void Dispose()
    {
        plan.Clear();
        _stopped.Cancel();
        _stopped.Dispose();
    }

    public async Task<T> RunAsync<T>(FaultableCall call, Func<CancellationToken, Task<T>> send, CancellationToken cancellationToken)
    {
        var rule = await ReachServerAsync(call, cancellationToken).ConfigureAwait(false);
        switch (rule?.Kind)
        {
            case FaultKind.LoseRequest:
                throw call.Lost("the request was lost");
            case FaultKind.DeliverLate:
                _ = DeliverLateAsync(rule.Wait, send);
                throw call.Lost("the request is late");
            case FaultKind.LoseResponse:
                await CompleteAsync(send, cancellationToken).ConfigureAwait(false);
                throw call.Lost("the answer was lost");
            case FaultKind.Hang when rule.AfterEffect:
                await CompleteAsync(send, cancellationToken).ConfigureAwait(false);
                await WaitAsync(Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(false);
                break;
        }

        if (rule is not { Kind: FaultKind.Delay, AfterEffect: true })
        {
            return await send(cancellationToken).ConfigureAwait(false);
        }

        T result;
        try
        {
            result = await send(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await WaitAsync(rule.Wait, cancellationToken).ConfigureAwait(false);
        }

        return IsPartitioned ? throw call.Lost("the answer was lost in a partition") : result;
    }

    /// <summary>What can go wrong before the server sees the call; returns the rule for what comes after.</summary>
    public async Task<FaultRule?> ReachServerAsync(FaultableCall call, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var rule = plan.Next(call);
        await ThrowIfPartitionedAsync(call, cancellationToken).ConfigureAwait(false);
        switch (rule)
        {
            case { Kind: FaultKind.Fail }:
                throw call.Failed(rule.Failure);
            case { Kind: FaultKind.Hang, AfterEffect: false }:
                await WaitAsync(Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(false);
                break;
            case { Kind: FaultKind.Delay, AfterEffect: false }:
                await WaitAsync(rule.Wait, cancellationToken).ConfigureAwait(false);

                // The network may have gone while the call was under way.
                await ThrowIfPartitionedAsync(call, cancellationToken).ConfigureAwait(false);
                break;
        }

        return rule;
    }

    public Task WaitAsync(TimeSpan time, CancellationToken cancellationToken) => Task.Delay(time, timeProvider, cancellationToken);

    private static async Task CompleteAsync<T>(Func<CancellationToken, Task<T>> send, CancellationToken cancellationToken)
    {
        try
        {
            await send(cancellationToken).ConfigureAwait(false);
        }
        catch (KubeClientException)
        {
            // A refusal is an answer like any other: the caller never hears of it.
        }
    }

    private async Task ThrowIfPartitionedAsync(FaultableCall call, CancellationToken cancellationToken)
    {
        Task? healed;
        bool silent;
        lock (_gate)
        {
            (healed, silent) = (_healed?.Task, _silent);
        }

        if (healed is null)
        {
            return;
        }

        if (!silent)
        {
            // As from a network, no answer comes on the caller's stack.
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            throw call.Failed(KubeFailure.Unavailable);
        }

        await healed.WaitAsync(cancellationToken).ConfigureAwait(false);
        throw call.Lost("the connection broke after a partition");
    }

    private async Task DeliverLateAsync<T>(TimeSpan delay, Func<CancellationToken, Task<T>> send)
    {
        try
        {
            var stopped = _stopped.Token;
            await WaitAsync(delay, stopped).ConfigureAwait(false);
            await send(stopped).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is KubeClientException or OperationCanceledException or ObjectDisposedException)
        {
            // Nobody waits for the answer any more.
        }
    }
}
