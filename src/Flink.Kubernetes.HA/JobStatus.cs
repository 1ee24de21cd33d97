namespace Flink.Kubernetes.HA;

/// <summary>The status of a job (Flink's <c>JobStatus</c>).</summary>
public enum JobStatus
{
    /// <summary>The job was accepted and is not created yet.</summary>
    Initializing,

    /// <summary>The job is created and ready to run.</summary>
    Created,

    /// <summary>The job is running.</summary>
    Running,

    /// <summary>The job has failed and is being stopped, to restart or to end.</summary>
    Failing,

    /// <summary>The job has failed permanently; globally terminal.</summary>
    Failed,

    /// <summary>The job is being canceled.</summary>
    Cancelling,

    /// <summary>The job was canceled; globally terminal.</summary>
    Canceled,

    /// <summary>The job has completed its work; globally terminal.</summary>
    Finished,

    /// <summary>The job is restarting after a failure.</summary>
    Restarting,

    /// <summary>The job was stopped in this process only, for example because leadership was lost. Another leader continues it, so
    /// nothing of it may be removed.</summary>
    Suspended,

    /// <summary>The job is waiting for reports of tasks that are already running.</summary>
    Reconciling,
}

/// <summary>Extensions of <see cref="JobStatus"/>.</summary>
public static class JobStatusExtensions
{
    /// <summary>Returns whether the job has ended permanently: no leader of any process will continue it. Only then may its metadata be
    /// removed.</summary>
    public static bool IsGloballyTerminal(this JobStatus status) => status is JobStatus.Failed or JobStatus.Canceled or JobStatus.Finished;
}
