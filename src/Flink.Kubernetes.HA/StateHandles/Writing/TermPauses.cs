using Flink.Kubernetes.HA.LeaderElection;

namespace Flink.Kubernetes.HA.StateHandles.Writing;

internal static class TermPauses
{
    /// <summary>Waits a little before another try; not longer than the term lasts.</summary>
    public static async Task PauseAsync(this LeadershipTerm term, CancellationToken cancellationToken)
    {
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(term.Lost, cancellationToken);
        await Task.Delay(term.Context.RetryDelay(), term.Context.TimeProvider, linked.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>Has the lock renewed and waits until another record than this one stands, or a renewal should have come.</summary>
    public static async Task MoveFenceAsync(this LeadershipTerm term, string fence, CancellationToken cancellationToken)
    {
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(term.Lost, cancellationToken);
        var moved = term.Keeper.History.MovedFrom(fence);
        term.Keeper.Wake();
        await moved.WaitAsync(term.Context.Options.RetryPeriod, term.Context.TimeProvider, linked.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
    }
}
