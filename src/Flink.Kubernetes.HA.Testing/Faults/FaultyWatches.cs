using System.Runtime.CompilerServices;
using Flink.Kubernetes.HA.KubeClient;

namespace Flink.Kubernetes.HA.Testing.Faults;

/// <summary>Runs watches, and lets them break, expire or fall silent.</summary>
internal sealed class FaultyWatches(FaultyCalls calls)
{
    private readonly Lock _gate = new();
    private readonly HashSet<FaultyWatch> _open = [];

    public void CutAll() => Open().ForEach(w => w.Cut());

    public void CutSilenced() => Open().FindAll(w => w.IsSilenced).ForEach(w => w.Cut());

    public void SilenceAll() => Open().ForEach(w => w.Silence());

    public async IAsyncEnumerable<WatchEvent<T>> RunAsync<T>(FaultableCall call, Func<CancellationToken, IAsyncEnumerable<WatchEvent<T>>> open, [EnumeratorCancellation] CancellationToken cancellationToken)
        where T : KubeObject
    {
        using var watch = new FaultyWatch();
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(watch.CutToken, cancellationToken);

        // Before the server is reached: a partition from now on cuts this watch too.
        using var registration = Register(watch);
        var rule = await calls.ReachServerAsync(call, cancellationToken).ConfigureAwait(false);
        if (rule?.Kind is FaultKind.LoseRequest or FaultKind.LoseResponse or FaultKind.DeliverLate)
        {
            throw call.Lost("the answer was lost");
        }

        if (rule is { Kind: FaultKind.Hang or FaultKind.Delay, AfterEffect: true })
        {
            await calls.WaitAsync(rule.Kind == FaultKind.Hang ? Timeout.InfiniteTimeSpan : rule.Wait, cancellationToken).ConfigureAwait(false);
        }

        var events = open(linked.Token).GetAsyncEnumerator(linked.Token);
        await using var eventsDisposal = events.ConfigureAwait(false);
        for (var count = 0; ; count++)
        {
            Strike(rule, count, call, watch);
            if (await NextAsync(events, watch, call, linked.Token, cancellationToken).ConfigureAwait(false) is not { } next)
            {
                yield break;
            }

            yield return next;
        }
    }

    private static void Strike(FaultRule? rule, int count, FaultableCall call, FaultyWatch watch)
    {
        if (rule is null || count < rule.Events)
        {
            return;
        }

        switch (rule.Kind)
        {
            case FaultKind.CutWatch:
                throw call.Failed(KubeFailure.Unavailable);
            case FaultKind.ExpireWatch:
                throw call.Failed(KubeFailure.Gone);
            case FaultKind.SilenceWatch:
                watch.Silence();
                break;
        }
    }

    /// <summary>The next event that gets through, or <see langword="null"/> at the end.</summary>
    private async Task<WatchEvent<T>?> NextAsync<T>(IAsyncEnumerator<WatchEvent<T>> events, FaultyWatch watch, FaultableCall call, CancellationToken linkedToken, CancellationToken cancellationToken)
        where T : KubeObject
    {
        try
        {
            while (true)
            {
                var more = false;
                try
                {
                    more = await events.MoveNextAsync().ConfigureAwait(false);
                }
                catch (KubeClientException) when (watch.IsSilenced)
                {
                    // A silent connection does not tell that it broke either.
                }

                if (!watch.IsSilenced)
                {
                    return more ? events.Current : null;
                }

                if (!more)
                {
                    await calls.WaitAsync(Timeout.InfiniteTimeSpan, linkedToken).ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException) when (watch.IsCut && !cancellationToken.IsCancellationRequested)
        {
            throw call.Failed(KubeFailure.Unavailable);
        }
    }

    private List<FaultyWatch> Open()
    {
        lock (_gate)
        {
            return [.. _open];
        }
    }

    private Registration Register(FaultyWatch watch)
    {
        lock (_gate)
        {
            _open.Add(watch);
        }

        return new Registration(this, watch);
    }

    private sealed class Registration(FaultyWatches watches, FaultyWatch watch) : IDisposable
    {
        public void Dispose()
        {
            lock (watches._gate)
            {
                watches._open.Remove(watch);
            }
        }
    }
}
