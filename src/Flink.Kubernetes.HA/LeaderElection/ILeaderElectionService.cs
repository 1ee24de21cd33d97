namespace Flink.Kubernetes.HA.LeaderElection;

/// <summary>Contends for the leadership of one component (Flink's <c>LeaderElectionService</c>).</summary>
/// <remarks>Disposing it gives a running term up without waiting for the work: cancel the enumeration and let it end first.</remarks>
public interface ILeaderElectionService : IAsyncDisposable
{
    /// <summary>The component that is contended for.</summary>
    LeaderComponent Component { get; }

    /// <summary>The identity that stands in the lock while this process leads.</summary>
    string Identity { get; }

    /// <summary>Contends, and yields a term each time that this process becomes the leader.</summary>
    /// <remarks>
    /// <para>Dispose the term when its work has ended: that gives the lock up. Asking for the next term disposes the one
    /// before. After a lost term it contends again.</para>
    /// <para>Only one enumeration may run at a time.</para>
    /// </remarks>
    /// <param name="cancellationToken">Ends contending; a running term is told by <see cref="LeadershipTerm.Stopping"/>.</param>
    /// <exception cref="OperationCanceledException">The token fired.</exception>
    /// <exception cref="InvalidOperationException">Another enumeration of this service runs.</exception>
    /// <exception cref="ObjectDisposedException">The service was disposed.</exception>
    IAsyncEnumerable<LeadershipTerm> ContendAsync(CancellationToken cancellationToken = default);

    /// <summary>Contends as <see cref="ContendAsync(CancellationToken)"/> does, and publishes the address in the very write that wins the lock.</summary>
    /// <param name="address">Where this process is reached when it leads: up to 4096 characters, no control characters.</param>
    /// <param name="cancellationToken">Ends contending; a running term is told by <see cref="LeadershipTerm.Stopping"/>.</param>
    /// <exception cref="ArgumentException">The address is empty, too long, or holds control characters.</exception>
    /// <exception cref="OperationCanceledException">The token fired.</exception>
    /// <exception cref="InvalidOperationException">Another enumeration of this service runs.</exception>
    /// <exception cref="ObjectDisposedException">The service was disposed.</exception>
    IAsyncEnumerable<LeadershipTerm> ContendAsync(string address, CancellationToken cancellationToken = default);
}
