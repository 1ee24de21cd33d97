using Flink.Kubernetes.HA.LeaderElection;

namespace Flink.Kubernetes.HA;

/// <summary>Work that runs only while this process is the leader; registered with <c>services.AddLeaderService&lt;T&gt;(component)</c>.</summary>
public interface ILeaderService
{
    /// <summary>Does the work of one term; returns only when all of that work has ended.</summary>
    /// <remarks>
    /// <para>The lock is released after this method has returned and the scope of the service was disposed.</para>
    /// <para>Returning ends the leadership; this process contends again after a retry period. An exception is logged and ends the
    /// leadership as well; the process then contends again after a back-off that doubles from the retry period up to 30 s.</para>
    /// </remarks>
    /// <param name="term">The term, to publish the address and for the session ID and the fencing token.</param>
    /// <param name="cancellationToken">A token that is canceled when the work must end: leadership was lost, or the host is stopping.</param>
    Task RunAsync(LeadershipTerm term, CancellationToken cancellationToken);
}
