using System.Globalization;
using Flink.Kubernetes.HA.ConfigMaps;
using Flink.Kubernetes.HA.ConfigMaps.Watching;
using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.LeaderElection.Locking;
using Flink.Kubernetes.HA.WireFormat;
using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.LeaderElection.Heartbeats;

/// <summary>The heartbeat of this process, and those of other processes for which its contenders wait.</summary>
internal sealed class ProcessHeartbeats(HeartbeatContext context, ConfigMapRequests requests, SharedWatches watches) : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly List<ProcessLease> _leases = [];
    private Task<ProcessLease>? _current;
    private (string Name, long SentAt)? _creating;
    private int _count;
    private bool _disposed;

    /// <summary>The processes for which contenders of this one wait.</summary>
    public Holders Holders { get; } = new(context, watches);

    /// <summary>The Pod of this process.</summary>
    public OwnPod OwnPod { get; } = new(context, requests);

    public static ProcessHeartbeats Create(
        string namespaceName,
        string clusterId,
        string identity,
        LeaderElectionOptions options,
        ConfigMapRequests requests,
        SharedWatches watches,
        TimeProvider timeProvider,
        ILoggerFactory loggerFactory,
        HaMetrics metrics) =>
        new(
            new HeartbeatContext(
                namespaceName, clusterId, identity, options, new LeaseRequests(requests, options.RequestTimeout), timeProvider, loggerFactory.CreateLogger<ProcessHeartbeats>(), metrics),
            requests,
            watches);

    /// <summary>Joins the Lease of this process, which is created if there is none that lives.</summary>
    /// <exception cref="KubernetesHaException">The Lease cannot be created.</exception>
    /// <exception cref="ObjectDisposedException">The services were disposed.</exception>
    public async Task<ProcessLeaseMember> JoinAsync()
    {
        while (true)
        {
            Task<ProcessLease> current;
            lock (_gate)
            {
                ObjectDisposedException.ThrowIf(_disposed, this);
                current = _current ??= TaskExtensions.RunDetached(CreateAsync);
            }

            try
            {
                if ((await current.ConfigureAwait(false)).TryJoin() is { } member)
                {
                    return member;
                }
            }
            finally
            {
                // Failed, over, or about to be removed: the next one begins anew. One that was joined stays.
                lock (_gate)
                {
                    if (_current == current && (!current.IsCompletedSuccessfully || !current.Result.IsOpen))
                    {
                        _current = null;
                    }
                }
            }
        }
    }

    /// <summary>Ends the heartbeat; the elections have ended before.</summary>
    public async ValueTask DisposeAsync()
    {
        ProcessLease[] leases;
        lock (_gate)
        {
            _disposed = true;
            leases = [.. _leases];
        }

        await context.Stop.CancelAsync().ConfigureAwait(false);
        await Holders.EndAsync().ConfigureAwait(false);
        await OwnPod.DisposeAsync().ConfigureAwait(false);
        await Task.WhenAll(leases.Select(lease => lease.DisposeAsync().AsTask())).ConfigureAwait(false);
    }

    private async Task<ProcessLease> CreateAsync()
    {
        // 1. Under the same name until it is known to exist: a creation whose response was lost must not leave a Lease behind.
        _creating ??= (Name(), context.TimeProvider.GetTimestamp());
        var (name, sentAt) = _creating.Value;
        var key = new ObjectKey(context.Namespace, name);
        var result = await context.Requests.CreateAsync(key, context, OwnPod.Reference).ConfigureAwait(false);
        var stored = result.Stored;
        if (stored is null)
        {
            // 2. Created before, perhaps. Its deadline counts from when that was first sent.
            if (result.Failure != KubernetesFailure.AlreadyExists && result.Outcome != LockWriteOutcome.Unknown)
            {
                _creating = null;
                throw result.Error!;
            }

            var (found, error) = await context.Requests.ReadAsync(key, CancellationToken.None).ConfigureAwait(false);
            if (found?.Lease?.HolderIdentity != context.Identity)
            {
                // Under another name next time, if it is there and not ours.
                _creating = found is null ? _creating : null;
                throw error ?? result.Error!;
            }

            stored = found;
        }

        _creating = null;
        var lease = new ProcessLease(context, stored, sentAt);
        lock (_gate)
        {
            _leases.RemoveAll(old => old.IsRemoved);
            _leases.Add(lease);
        }

        return lease;
    }

    private string Name() => string.Create(CultureInfo.InvariantCulture, $"{context.ClusterId}-process-{Unique(context.Identity)}-{Interlocked.Increment(ref _count)}");

    /// <summary>The random part of the identity, which is legal in a name.</summary>
    private static string Unique(string identity) =>
        identity[(identity.LastIndexOf('_') + 1)..] is { Length: > 0 } unique && unique.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c)) ? unique
        : Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(identity)).AsSpan(0, 16));
}
