using System.Runtime.CompilerServices;
using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.KubeClient.Watching;
using Flink.Kubernetes.HA.WireFormat;
using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.LeaderElection;

/// <summary>Contends for one component's ConfigMap.</summary>
internal sealed class LeaderElectionService : ILeaderElectionService, ILeaderElectionHealth
{
    private readonly ElectionContext _context;
    private readonly SharedWatches _watches;
    private readonly CancellationTokenSource _disposal = new();
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private bool _contending;
    private LeadershipTerm? _term;
    private WatchSubscription<PartialObjectMetadata>? _subscription;

    internal LeaderElectionService(
        LeaderComponent component,
        string namespaceName,
        string clusterId,
        string identity,
        LeaderElectionOptions options,
        IKubeClient client,
        SharedWatches watches,
        TimeProvider timeProvider,
        ILoggerFactory loggerFactory,
        HaMetrics metrics)
    {
        var key = HaNames.LeaderConfigMap(namespaceName, clusterId, component);
        var requests = new LockRequests(client, key, options.RequestTimeout, timeProvider);
        _context = new ElectionContext(component, clusterId, identity, options, requests, timeProvider, loggerFactory.CreateLogger<LeaderElectionService>(), metrics);
        _watches = watches;
    }

    public LeaderComponent Component => _context.Component;

    public string Identity => _context.Identity;

    public TimeSpan? SinceLastRenewal => Volatile.Read(ref _term) is { LossReason: null } term ? term.Keeper.SinceRenewal : null;

    public Exception? WatchFailure => Volatile.Read(ref _subscription)?.Failure;

    public IAsyncEnumerable<LeadershipTerm> ContendAsync(CancellationToken cancellationToken = default) => ContendCoreAsync(null, cancellationToken);

    public IAsyncEnumerable<LeadershipTerm> ContendAsync(string address, CancellationToken cancellationToken = default)
    {
        LeadershipTerm.CheckAddress(address);
        return ContendCoreAsync(address, cancellationToken);
    }

    /// <summary>Stops contending, gives up the term that there is, and waits until the enumeration has ended.</summary>
    public async ValueTask DisposeAsync()
    {
        // First, so that a term which is won meanwhile is seen below, or sees this itself.
        await _disposal.CancelAsync().ConfigureAwait(false);
        LeadershipTerm? term;
        bool contending;
        lock (_gate)
        {
            term = _term;
            contending = _contending;
        }

        if (term is not null)
        {
            // Its owner may be in the middle of its work, or have gone: either way the lock is not kept.
            await term.DisposeAsync().ConfigureAwait(false);
        }
        else if (contending)
        {
            await _idle.Task.ConfigureAwait(false);
        }
    }

    private async IAsyncEnumerable<LeadershipTerm> ContendCoreAsync(string? address, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Begin();
        try
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _disposal.Token);
            var subscription = _watches.Subscribe(KubeResources.ConfigMaps.MetadataOnly, _context.Requests.Key);
            await using var unsubscribe = subscription.ConfigureAwait(false);
            Volatile.Write(ref _subscription, subscription);
            var watch = new LockWatch(subscription, _context.TimeProvider);
            var contender = new Contender(_context, watch);
            Log.Contending(_context.Logger, _context.Name, Identity, _context.ConfigMap);
            while (true)
            {
                var term = await WinAsync(contender, watch, address, cancellationToken, stop.Token).ConfigureAwait(false);
                try
                {
                    yield return term;
                }
                finally
                {
                    await term.DisposeAsync().ConfigureAwait(false);
                    SetTerm(null);
                }

                contender.TermEnded(term.LossReason!.Value, term.Keeper.History.Latest.SentAt);
            }
        }
        finally
        {
            Volatile.Write(ref _subscription, null);
            End();
        }
    }

    private async Task<LeadershipTerm> WinAsync(Contender contender, LockWatch watch, string? address, CancellationToken caller, CancellationToken stop)
    {
        try
        {
            var won = await contender.WinAsync(address, stop).ConfigureAwait(false);
            var keeper = new LeaseKeeper(_context, watch, won);
            var term = new LeadershipTerm(_context, won, keeper, stop);
            keeper.Start();
            SetTerm(term);
            if (_disposal.IsCancellationRequested)
            {
                // Won while the service was being disposed, which waits for the enumeration: nobody else would end this term.
                await term.DisposeAsync().ConfigureAwait(false);
                SetTerm(null);
                throw new OperationCanceledException(_disposal.Token);
            }

            return term;
        }
        catch (OperationCanceledException) when (_disposal.IsCancellationRequested && !caller.IsCancellationRequested)
        {
            throw new ObjectDisposedException(nameof(ILeaderElectionService), $"The election of {Component} was disposed.");
        }
        catch (OperationCanceledException) when (caller.IsCancellationRequested)
        {
            throw new OperationCanceledException(caller);
        }
    }

    private void SetTerm(LeadershipTerm? term)
    {
        lock (_gate)
        {
            _term = term;
        }
    }

    private void Begin()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposal.IsCancellationRequested, this);
            if (_contending)
            {
                throw new InvalidOperationException($"This process contends for {Component} already: end that enumeration first, or share its terms.");
            }

            _contending = true;
        }
    }

    private void End()
    {
        lock (_gate)
        {
            _contending = false;
            if (_disposal.IsCancellationRequested)
            {
                _idle.TrySetResult();
            }
        }
    }
}
