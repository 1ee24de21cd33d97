using Flink.Kubernetes.HA.ConfigMaps;
using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.LeaderElection.Locking;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.LeaderElection.Heartbeats;

/// <summary>The Pod and the container of this process, for <see cref="LeaderElectionOptions.ProofOfDeath"/>: read in the background, because no
/// takeover may wait for it.</summary>
internal sealed class OwnPod(HeartbeatContext context, ConfigMapRequests requests) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource<PodReference> _known = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task? _loop;

    /// <summary>What is known by now; <see langword="null"/> if nothing is.</summary>
    public PodReference? Reference => _known.Task.IsCompletedSuccessfully ? _known.Task.Result : null;

    /// <summary>Calls back when it is known: the container of a process that has just started is known only after a moment.</summary>
    public async Task WhenKnownAsync(Action known, CancellationToken cancellationToken)
    {
        await ((Task)_known.Task).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        known();
    }

    /// <summary>Begins to read, if proof of death is wanted.</summary>
    public void Start()
    {
        lock (_gate)
        {
            if (context.Options.ProofOfDeath && !_stop.IsCancellationRequested)
            {
                _loop ??= TaskExtensions.RunDetached(ReadAsync);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        Task? loop;
        lock (_gate)
        {
            _stop.Cancel();
            loop = _loop;
        }

        await (loop ?? Task.CompletedTask).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task ReadAsync()
    {
        string? told = null;
        var key = new ObjectKey(context.Namespace, context.Options.OwnPodName!);
        while (true)
        {
            string problem;
            var delay = ElectionProblems.RepeatAfter;
            try
            {
                var pod = await requests.GetPodAsync(key, _stop.Token).ConfigureAwait(false);
                if (Find(pod.Containers!, out problem, out var isStarting) is { } id)
                {
                    _known.TrySetResult(new PodReference(key.Name, pod.Uid!, id));
                    return;
                }

                delay = isStarting ? context.Options.RetryPeriod : delay;
            }
            catch (KubernetesHaException exception)
            {
                problem = exception.Message;
            }

            if (problem != told)
            {
                told = problem;
                Log.OwnPodUnknown(context.Logger, key, problem);
            }

            await Task.Delay(delay, context.TimeProvider, _stop.Token).ConfigureAwait(false);
        }
    }

    private string? Find(IReadOnlyList<PodContainer> containers, out string problem, out bool isStarting)
    {
        var own = context.Options.ContainerName is { Length: > 0 } name ? containers.Where(container => container.Name == name).ToList() : [.. containers];
        isStarting = containers.Count == 0 || own.Count == 1;
        problem = own.Count == 1
            ? $"container '{own[0].Name}' is not reported as running yet."
            : $"its containers are '{string.Join("', '", containers.Select(container => container.Name))}': set LeaderElectionOptions.ContainerName, which is "
                + $"'{context.Options.ContainerName}', to the one of this process.";
        return own.Count == 1 ? own[0].Running : null;
    }
}
