namespace Flink.Kubernetes.HA;

/// <summary>How a job is doing (Flink's <c>JobStatus</c>).</summary>
public enum JobStatus
{
    /// <summary>Accepted; nothing has been made of it yet.</summary>
    Initializing,

    /// <summary>Ready to run.</summary>
    Created,

    /// <summary>At work.</summary>
    Running,

    /// <summary>Has failed, and is being stopped to start again or to end.</summary>
    Failing,

    /// <summary>Has failed for good: globally terminal.</summary>
    Failed,

    /// <summary>Being cancelled.</summary>
    Cancelling,

    /// <summary>Was cancelled: globally terminal.</summary>
    Canceled,

    /// <summary>Has done its work: globally terminal.</summary>
    Finished,

    /// <summary>Starting again after a failure.</summary>
    Restarting,

    /// <summary>Stopped in this process only, as when leadership is lost: another leader goes on with it, so nothing of it may be removed.</summary>
    Suspended,

    /// <summary>Waits to learn what runs already.</summary>
    Reconciling,
}
