using System.Buffers;
using System.Text;
using Flink.Kubernetes.HA.ConfigMaps;
using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.LeaderElection.Locking;
using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.LeaderElection;

/// <summary>The right to lead a component, from the acquisition of the lock until it is lost or released.</summary>
/// <remarks>
/// <para>Dispose the term when its work has ended: that releases the lock, and another process becomes the leader at once. The
/// lock is renewed until the term is disposed or lost, so that nobody else leads while the work is still stopping.</para>
/// <para>All members are thread-safe.</para>
/// </remarks>
public sealed class LeadershipTerm : IAsyncDisposable
{
    private const int MaximumAddressLength = 4096;

    private readonly ElectionContext _context;
    private readonly LeaseKeeper _keeper;
    private readonly CancellationTokenRegistration _contending;
    private readonly Lazy<Task> _disposal;

    internal LeadershipTerm(ElectionContext context, WonLock won, LeaseKeeper keeper, CancellationToken contending)
    {
        _context = context;
        _keeper = keeper;
        Writes = new FencedWrites(context, this);
        Component = context.Component;
        Identity = context.Identity;
        SessionId = won.Term.SessionId;
        FencingToken = won.Term.FencingToken;
        Lost = keeper.Lost;
        Stopping = keeper.Stopping;
        _contending = contending.UnsafeRegister(_ => keeper.FireStopping(), null);
        _disposal = new Lazy<Task>(EndAsync);
    }

    /// <summary>The component that is led.</summary>
    public LeaderComponent Component { get; }

    /// <summary>The identity that is stored in the lock.</summary>
    public string Identity { get; }

    /// <summary>The unique ID of this term (Flink's leader session ID).</summary>
    public Guid SessionId { get; }

    /// <summary>The fencing token: larger than that of every earlier term of the component, even if the ConfigMap was deleted in between.</summary>
    /// <remarks>Send it with every write to an external system, and let that system refuse a token smaller than the largest it has seen.</remarks>
    public long FencingToken { get; }

    /// <summary>A token that is canceled when leadership is lost, before another process can lead, and when the term is disposed. Stop
    /// work at once.</summary>
    public CancellationToken Lost { get; }

    /// <summary>A token that is canceled when the work should end: leadership was lost, or contending was canceled while the lock is
    /// still held.</summary>
    public CancellationToken Stopping { get; }

    /// <summary>Whether this process is the leader now. Checked against the clock: <see langword="false"/> also if a pause of the process
    /// has delayed <see cref="Lost"/>.</summary>
    public bool IsLeading => _keeper.IsHeld;

    /// <summary>Why the term has ended, or <see langword="null"/> while it lasts.</summary>
    public LeadershipLossReason? LossReason => _keeper.Loss?.Reason;

    /// <summary>Writes to the ConfigMap that take effect only while this term holds the lock.</summary>
    internal FencedWrites Writes { get; }

    internal LeadershipLoss? Loss => _keeper.Loss;

    internal LockHistory History => _keeper.History;

    internal TimeSpan SinceRenewal => _keeper.SinceRenewal;

    internal LastingFailure? HeartbeatFailure => _keeper.HeartbeatFailure;

    /// <summary>When the disposal of the term ended, and with it the release.</summary>
    internal long EndedAt { get; private set; }

    /// <summary>The UID of the ConfigMap in which the lock was acquired; a ConfigMap that was re-created under the same name does not
    /// belong to this term.</summary>
    internal string? ConfigMapUid => _keeper.History.Uid;

    internal ObjectKey ConfigMap => _context.Requests.Key;

    internal ConfigMapRequests Requests => _context.Requests.Requests;

    internal LeaderElectionOptions Options => _context.Options;

    internal TimeProvider TimeProvider => _context.TimeProvider;

    internal ILogger Logger => _context.Logger;

    internal HaMetrics Metrics => _context.Metrics;

    internal string MetricTag => _context.MetricTag;

    internal string ClusterId => _context.ClusterId;

    internal string StorageRoot => _context.StorageRoot;

    /// <summary>Publishes the address of the leader; leader retrieval is notified of it by watch.</summary>
    /// <remarks>The write is retried until it succeeds or the term ends. A later call replaces the address.</remarks>
    /// <param name="address">Any text that followers understand, such as a URL: up to 4096 characters, no control characters.</param>
    /// <param name="cancellationToken">A token to cancel the wait. The address may still be published.</param>
    /// <exception cref="ArgumentException">The address is empty, too long, or contains control characters.</exception>
    /// <exception cref="LeadershipLostException">The term ended before the address was known to be written.</exception>
    public Task PublishAddressAsync(string address, CancellationToken cancellationToken = default)
    {
        CheckAddress(address);
        return _keeper.PublishAddressAsync(address, cancellationToken);
    }

    /// <summary>Ends the term: cancels <see cref="Lost"/> and releases the lock if it is still held. Safe to call more than once.</summary>
    public ValueTask DisposeAsync() => new(_disposal.Value);

    /// <summary>Starts renewing the lock.</summary>
    internal void Start() => _keeper.Start();

    /// <summary>Makes the keeper renew the lock at once, because something unexpected was observed.</summary>
    internal void Wake() => _keeper.Wake();

    /// <summary>Tells the keeper what was read from the API server.</summary>
    internal void Learn(Judgment judgment) => _keeper.Learn(judgment);

    /// <summary>Waits until the term has ended, and its release with it if the owner has disposed it; at most for the limit.</summary>
    internal async Task EndsWithinAsync(TimeSpan limit)
    {
        await Task.Delay(limit, TimeProvider, Lost).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (LossReason == LeadershipLossReason.Released)
        {
            // The owner is disposing it. Asked by the reason: the disposal has no task yet while it cancels Lost.
            await _disposal.Value.ConfigureAwait(false);
        }
    }

    /// <summary>Ends the term without releasing its lock, because its work may still be running.</summary>
    internal void Abandon() => _keeper.Abandon();

    /// <exception cref="LeadershipLostException">The term has ended.</exception>
    internal void ThrowIfLost()
    {
        if (Loss is { } loss)
        {
            throw loss.ToException(Component);
        }
    }

    /// <summary>Checks against the clock too, in case a pause of the process has delayed the end of the term.</summary>
    /// <exception cref="LeadershipLostException">The term has ended, or its lock was not renewed in time.</exception>
    internal void ThrowIfNotLeading()
    {
        ThrowIfLost();
        if (!IsLeading)
        {
            throw new LeadershipLostException(
                Component, LeadershipLossReason.RenewDeadlineExceeded, $"Nothing was written: the lock of {Component} was not renewed in time.");
        }
    }

    /// <summary>Waits a fraction of the retry period before a retry, or until the term ends.</summary>
    internal async Task PauseAsync(CancellationToken cancellationToken)
    {
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(Lost, cancellationToken);
        await Task.Delay(_context.RetryDelay(), TimeProvider, linked.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>Makes the keeper renew the lock, and waits until another record than this one is stored or a retry period has passed.</summary>
    internal async Task MoveFenceAsync(string fence, CancellationToken cancellationToken)
    {
        // Subscribed before the wake: the renewal that it causes may be over before this method continues.
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(Lost, cancellationToken);
        var moved = History.MovedFrom(fence);
        Wake();
        await moved.WaitAsync(Options.RetryPeriod, TimeProvider, linked.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
    }

    internal static void CheckAddress(string address)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(address);
        if (address.Length > MaximumAddressLength || address.Any(char.IsControl) || !IsWritable(address))
        {
            throw new ArgumentException(
                $"The address has {address.Length} characters: at most {MaximumAddressLength} are allowed, without control characters "
                + "and without unpaired surrogates.",
                nameof(address));
        }
    }

    /// <summary>An unpaired surrogate is read back as another character, so that the address would look as if someone else had written it.</summary>
    private static bool IsWritable(ReadOnlySpan<char> address)
    {
        while (Rune.DecodeFromUtf16(address, out _, out var consumed) == OperationStatus.Done)
        {
            address = address[consumed..];
        }

        return address.IsEmpty;
    }

    private async Task EndAsync()
    {
        await _keeper.DisposeAsync().ConfigureAwait(false);
        await _contending.DisposeAsync().ConfigureAwait(false);
        EndedAt = TimeProvider.GetTimestamp();
    }
}
