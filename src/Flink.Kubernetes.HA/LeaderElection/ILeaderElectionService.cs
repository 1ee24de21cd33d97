namespace Flink.Kubernetes.HA.LeaderElection;

/// <summary>Contends for the leadership of one component (Flink's <c>LeaderElectionService</c>).</summary>
/// <remarks>
/// Cancel the enumeration and let it complete before you dispose the service. Disposing the service ends a term whose owner has not
/// disposed it, but does not release its lock: the work may still be running, and other processes wait for the lease.
/// </remarks>
public interface ILeaderElectionService : IAsyncDisposable
{
    /// <summary>The component whose leadership is contended for.</summary>
    LeaderComponent Component { get; }

    /// <summary>The identity that is stored in the lock while this process is the leader.</summary>
    string Identity { get; }

    /// <summary>Whether this process is the leader now, by its own clock.</summary>
    bool IsLeader { get; }

    /// <summary>The term in which this process is the leader now, or <see langword="null"/>.</summary>
    LeadershipTerm? CurrentTerm { get; }

    /// <summary>Who holds the lock as last observed, or <see langword="null"/> if nobody does or this process does not contend.</summary>
    LockHolder? Holder { get; }

    /// <summary>The last failure that kept this process from contending or from renewing its lock, also when it is over; <see langword="null"/>
    /// if there was none.</summary>
    ElectionFailure? LastFailure { get; }

    /// <summary>Contends for leadership and yields a term each time this process becomes the leader.</summary>
    /// <remarks>
    /// <para>Dispose the term when its work has ended; that releases the lock. Requesting the next term disposes the previous
    /// one. After a lost term the enumeration contends again.</para>
    /// <para>Only one enumeration can run at a time.</para>
    /// </remarks>
    /// <param name="cancellationToken">
    /// A token to stop contending. A running term keeps the lock and fires <see cref="LeadershipTerm.Stopping"/>.
    /// </param>
    /// <exception cref="OperationCanceledException">The token was canceled.</exception>
    /// <exception cref="InvalidOperationException">Another enumeration of this service is running.</exception>
    /// <exception cref="ObjectDisposedException">The service was disposed.</exception>
    IAsyncEnumerable<LeadershipTerm> ContendAsync(CancellationToken cancellationToken = default);

    /// <summary>Contends for leadership and publishes the address in the same write that acquires the lock.</summary>
    /// <param name="address">The address of this process while it is the leader: up to 4096 characters, no control characters.</param>
    /// <param name="cancellationToken">
    /// A token to stop contending. A running term keeps the lock and fires <see cref="LeadershipTerm.Stopping"/>.
    /// </param>
    /// <exception cref="ArgumentException">The address is empty, too long, or contains control characters.</exception>
    /// <exception cref="OperationCanceledException">The token was canceled.</exception>
    /// <exception cref="InvalidOperationException">Another enumeration of this service is running.</exception>
    /// <exception cref="ObjectDisposedException">The service was disposed.</exception>
    IAsyncEnumerable<LeadershipTerm> ContendAsync(string address, CancellationToken cancellationToken = default);
}
