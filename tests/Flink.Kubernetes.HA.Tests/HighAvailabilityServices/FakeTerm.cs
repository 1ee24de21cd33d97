using Flink.Kubernetes.HA.LeaderElection;

namespace Flink.Kubernetes.HA.Tests.HighAvailabilityServices;

/// <summary>A term that a test ends as it likes.</summary>
internal sealed class FakeTerm
{
    private readonly CancellationTokenSource _lost = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public FakeTerm(Action? onRelease = null) => Term = new LeadershipTerm(
        LeaderComponent.Dispatcher,
        () =>
        {
            try
            {
                onRelease?.Invoke();
            }
            finally
            {
                _released.TrySetResult();
            }

            return ValueTask.CompletedTask;
        },
        _lost.Token,
        _stopping.Token);

    public LeadershipTerm Term { get; }

    public Task Released => _released.Task;

    public void Lose()
    {
        _lost.Cancel();
        _stopping.Cancel();
    }

    public void Stop() => _stopping.Cancel();
}
