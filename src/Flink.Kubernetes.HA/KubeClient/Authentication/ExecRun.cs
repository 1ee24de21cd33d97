using System.Diagnostics.CodeAnalysis;

namespace Flink.Kubernetes.HA.KubeClient.Authentication;

/// <summary>One run of a plugin and how many callers wait for it.</summary>
[SuppressMessage("Design", "CA1001", Justification = "A token source without a timer holds nothing that needs to be let go.")]
internal sealed class ExecRun
{
    private readonly CancellationTokenSource _stop = new();

    public CancellationToken Stopped => _stop.Token;

    public Task<ExecAnswer> Answer { get; private set; } = null!;

    /// <summary>Guarded by the credential's lock.</summary>
    public int Waiting { get; set; }

    public void Start(Task<ExecAnswer> answer)
    {
        Answer = answer;

        // With nobody waiting a failure is logged, and otherwise unheard.
        _ = answer.ContinueWith(static t => _ = t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    public void Stop() => _ = _stop.CancelAsync();
}
