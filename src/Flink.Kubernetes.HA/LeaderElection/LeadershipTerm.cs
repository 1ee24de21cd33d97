namespace Flink.Kubernetes.HA.LeaderElection;

/// <summary>The right to lead a component, from winning the lock until it is lost or given up.</summary>
public sealed class LeadershipTerm : IAsyncDisposable
{
    internal LeadershipTerm(LeaderComponent component) => Component = component;

    /// <summary>The component that is led.</summary>
    public LeaderComponent Component { get; }

    /// <summary>Fires when leadership is lost, before anyone else can lead: stop at once.</summary>
    public CancellationToken Lost { get; }

    /// <summary>Fires when the work should end: leadership is lost, or contending was cancelled.</summary>
    public CancellationToken Stopping { get; }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
