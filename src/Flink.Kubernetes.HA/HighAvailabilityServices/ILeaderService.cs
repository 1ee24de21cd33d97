using Flink.Kubernetes.HA.LeaderElection;

namespace Flink.Kubernetes.HA;

/// <summary>Work that runs only while this process leads; registered with <c>services.AddLeaderService&lt;T&gt;(component)</c>.</summary>
public interface ILeaderService
{
    /// <summary>Does the work of one term; it returns only when all of that work has ended.</summary>
    /// <remarks>
    /// <para>The lock is released after this has returned, and after the scope that the service came from was disposed.</para>
    /// <para>To return gives the leadership up: this process contends again after a retry period. An exception is logged, gives the
    /// leadership up too, and it contends again after a back-off that doubles from the retry period up to 30 s.</para>
    /// </remarks>
    /// <param name="term">The term: publish the address on it, and use its session id and fencing token.</param>
    /// <param name="cancellationToken">Fires when the work must end: leadership is lost, or the host stops.</param>
    Task RunAsync(LeadershipTerm term, CancellationToken cancellationToken);
}
