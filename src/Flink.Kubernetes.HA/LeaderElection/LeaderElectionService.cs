using System.Runtime.CompilerServices;
using Flink.Kubernetes.HA.ConfigMaps.Watching;
using Flink.Kubernetes.HA.ConfigMaps;
using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.LeaderElection.Heartbeats;
using Flink.Kubernetes.HA.LeaderElection.Locking;
using Flink.Kubernetes.HA.WireFormat;
using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.LeaderElection;

/// <summary>Contends for the leadership of one component by the lock in its ConfigMap.</summary>
internal sealed class LeaderElectionService : ILeaderElectionService, ILeaderElectionHealth
{
    private readonly ElectionContext _context;
    private readonly Contender _contender;
    private readonly SharedWatches _watches;
    private readonly Action<LeaderElectionService>? _disposing;
    private readonly CancellationTokenSource _disposal = new();
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private bool _contending;
    private LeadershipTerm? _term;
    private WatchSubscription? _subscription;

    internal LeaderElectionService(
        LeaderComponent component,
        string namespaceName,
        string clusterId,
        string identity,
        LeaderElectionOptions options,
        ConfigMapRequests requests,
        SharedWatches watches,
        TimeProvider timeProvider,
        ILoggerFactory loggerFactory,
        HaMetrics metrics,
        ProcessHeartbeats heartbeats,
        Action<LeaderElectionService>? disposing = null,
        RenewalBudget? budget = null,
        ElectionEvents? events = null)
    {
        var key = HaNames.LeaderConfigMap(namespaceName, clusterId, component);
        _context = new ElectionContext(
            component,
            clusterId,
            identity,
            options,
            new LockRequests(requests, key, options.RequestTimeout, budget ?? new RenewalBudget(options, timeProvider)),
            timeProvider,
            loggerFactory.CreateLogger<LeaderElectionService>(),
            metrics)
        {
            Heartbeats = heartbeats,
            Events = events,
        };
        _contender = new Contender(_context);
        _watches = watches;
        _disposing = disposing;
    }

    public LeaderComponent Component => _context.Component;

    public string Identity => _context.Identity;

    public bool IsLeader => CurrentTerm is not null;

    public LeadershipTerm? CurrentTerm => Volatile.Read(ref _term) is { IsLeading: true } term ? term : null;

    public LockHolder? Holder =>
        LockState.Of(Volatile.Read(ref _subscription)?.Current?.ConfigMap) is { Record: { IsReleased: false, HolderIdentity: { } holder } record }
            ? new LockHolder(holder, record.AcquireTime, holder == Identity)
            : null;

    public ElectionFailure? LastFailure => _context.Problems.Last;

    public TimeSpan? SinceLastRenewal => Volatile.Read(ref _term) is { LossReason: null } term ? term.SinceRenewal : null;

    public LastingFailure? Failure =>
        _context.Problems.Current
        ?? Volatile.Read(ref _term)?.HeartbeatFailure
        ?? _contender.HolderFailure
        ?? Volatile.Read(ref _subscription)?.LastingFailure;

    public IAsyncEnumerable<LeadershipTerm> ContendAsync(CancellationToken cancellationToken = default) => ContendCoreAsync(null, cancellationToken);

    public IAsyncEnumerable<LeadershipTerm> ContendAsync(string address, CancellationToken cancellationToken = default)
    {
        LeadershipTerm.CheckAddress(address);
        return ContendCoreAsync(address, cancellationToken);
    }

    /// <summary>Stops contending and ends the current term, or waits until the enumeration has ended.</summary>
    public async ValueTask DisposeAsync()
    {
        _disposing?.Invoke(this);

        // Canceled first. A term that is won concurrently is then either visible to the lines below, or WinAsync sees the
        // cancellation after it has stored the term and disposes it. Either way no term survives the service.
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
            // Only its owner knows when the work has ended. It was told to stop above; if it does not dispose the term in time, the lock is
            // not released: another process would lead beside the work. It expires by itself.
            await term.EndsWithinAsync(_context.Options.RetryPeriod).ConfigureAwait(false);
            term.Abandon();
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
            using var budget = _context.Requests.Budget.Join();
            var subscription = _watches.Subscribe(_context.Requests.Key);
            await using var unsubscribe = subscription.ConfigureAwait(false);
            Volatile.Write(ref _subscription, subscription);
            var watch = new LockWatch(subscription, _context.TimeProvider);
            _context.Heartbeats.OwnPod.Start();
            Log.Contending(_context.Logger, _context.Name, Identity, _context.ConfigMap);
            while (true)
            {
                var term = await WinAsync(watch, address, cancellationToken, stop.Token).ConfigureAwait(false);
                try
                {
                    yield return term;
                }
                finally
                {
                    await term.DisposeAsync().ConfigureAwait(false);
                    SetTerm(null);
                }

                _contender.TermEnded(term.LossReason!.Value, term.EndedAt, term.History);
            }
        }
        finally
        {
            Volatile.Write(ref _subscription, null);
            _contender.Unfollow();
            End();
        }
    }

    private async Task<LeadershipTerm> WinAsync(LockWatch watch, string? address, CancellationToken caller, CancellationToken stop)
    {
        try
        {
            var won = await _contender.WinAsync(watch, address, stop).ConfigureAwait(false);
            var keeper = new LeaseKeeper(_context, watch, won);
            var term = new LeadershipTerm(_context, won, keeper, stop);
            term.Start();
            SetTerm(term);
            if (_disposal.IsCancellationRequested)
            {
                // Won while the service was being disposed: DisposeAsync saw no term and waits for this enumeration, so nobody
                // else would end this term.
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
                throw new InvalidOperationException(
                    $"This process already contends for {Component}: end that enumeration first, or share its terms.");
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
