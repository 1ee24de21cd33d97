using Flink.Kubernetes.HA.LeaderElection.Heartbeats;

namespace Flink.Kubernetes.HA.LeaderElection.Locking;

/// <summary>Tells the loop of a term when its next turn is: by the clock, because somebody wakes it, or because the watch shows an edit.</summary>
internal sealed class TurnSignal(ElectionContext context, LockWatch watch, LockHistory history)
{
    private const int MaximumEditsAPeriod = 3;

    private readonly Pace _edits = new(MaximumEditsAPeriod, context.Options.RetryPeriod, context.TimeProvider);
    private TaskCompletionSource _wake = NewWake();
    private bool _isEdited;

    /// <summary>Makes the next turn begin at once.</summary>
    public void Wake() => Volatile.Read(ref _wake).TrySetResult();

    /// <summary>Waits for the next turn.</summary>
    /// <param name="deadline">The deadline, which knows the last renewal.</param>
    /// <param name="due">How long after the last renewal the next one is due.</param>
    /// <param name="cancellationToken">The end of the term.</param>
    /// <returns>Whether somebody has woken it, and wants the lock to be written.</returns>
    public async Task<bool> WaitAsync(RenewDeadline deadline, TimeSpan due, CancellationToken cancellationToken)
    {
        while (true)
        {
            ObserveEdits();

            // If something edits the lock repeatedly, such as an admission webhook, each repair would cause the next at once.
            var left = due - deadline.SinceRenewal;
            left = _isEdited && _edits.Left() < left ? _edits.Left() : left;
            var wake = Volatile.Read(ref _wake).Task;
            if (left <= TimeSpan.Zero || wake.IsCompleted)
            {
                // Reset before the write: an address that is set while it is under way is not in it and must cause another one.
                Volatile.Write(ref _wake, NewWake());
                cancellationToken.ThrowIfCancellationRequested();
                return wake.IsCompleted;
            }

            // A watch that has ended is not waited for: renewals continue without it.
            var any = watch.Changed is { IsFaulted: false, IsCanceled: false } changed ? Task.WhenAny(wake, changed) : wake;
            await any.EndsWithinAsync(left, context.TimeProvider, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Returns whether the watch has shown an edit since the last turn.</summary>
    public bool TakeEdit()
    {
        var isEdited = _isEdited;
        _isEdited = false;
        if (isEdited)
        {
            _edits.Count();
        }

        return isEdited;
    }

    private static TaskCompletionSource NewWake() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void ObserveEdits()
    {
        if (watch.TryTake() && watch.Current is { } seen)
        {
            // The event of the ConfigMap's creation can arrive after the lock was taken in it: that is no edit, and worth no read.
            var state = LockState.Of(seen.ConfigMap);
            _isEdited |= state is null || (!history.HasReplaced(state) && (!history.HasSent(state) || !state.IsLabeled(context.ClusterId)));
        }
    }
}
