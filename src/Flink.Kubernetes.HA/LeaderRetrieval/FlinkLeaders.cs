namespace Flink.Kubernetes.HA.LeaderRetrieval;

/// <summary>Follows the leaders of an Apache Flink cluster (Flink's <c>KubernetesLeaderRetrievalDriver</c>); nothing is written to it.</summary>
/// <remarks>Needs <c>get</c>, <c>list</c> and <c>watch</c> on ConfigMaps in the namespace of the cluster.</remarks>
public sealed class FlinkLeaders
{
    private readonly Func<LeaderComponent, ILeaderRetrievalService> _create;

    internal FlinkLeaders(string clusterId, FlinkHaLayout layout, Func<LeaderComponent, ILeaderRetrievalService> create) =>
        (ClusterId, Layout, _create) = (clusterId, layout, create);

    /// <summary>Flink's <c>kubernetes.cluster-id</c>.</summary>
    public string ClusterId { get; }

    /// <summary>Where the cluster stores its leaders.</summary>
    public FlinkHaLayout Layout { get; }

    /// <summary>Creates the retrieval of a component's leader: a new one at each call, whose watch is shared with the others.</summary>
    /// <remarks>An entry in a form that this library does not know is reported to <see cref="ILeaderRetrievalListener.OnErrorAsync"/> and in
    /// the log.</remarks>
    /// <param name="component">The component, such as <see cref="LeaderComponent.Dispatcher"/> or <see cref="LeaderComponent.JobManager"/>.</param>
    public ILeaderRetrievalService GetLeaderRetrieval(LeaderComponent component)
    {
        ArgumentNullException.ThrowIfNull(component);
        return _create(component);
    }
}
