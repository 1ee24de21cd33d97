namespace Flink.Kubernetes.HA.Storage.FileSystem;

/// <summary>Runs calls that block on threads of their own, and waits for each no longer than a time limit.</summary>
/// <remarks>
/// A call to a file server that does not answer cannot be interrupted, and may never return. Its thread is left behind, so it must not be one of the
/// thread pool, which the election needs; and there is a maximum, so that retries do not fill the process with such threads.
/// </remarks>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1001", Justification = "A SemaphoreSlim holds nothing unless its wait handle is asked for.")]
internal sealed class DiskThreads(TimeSpan limit, TimeProvider timeProvider)
{
    public const int Most = 32;
    private readonly SemaphoreSlim _free = new(Most);

    public TimeSpan Limit => limit;

    /// <summary>Whether so many calls have not returned that another one can't begin.</summary>
    public bool AreUsedUp => _free.CurrentCount == 0;

    /// <param name="step">The call.</param>
    /// <param name="late">What to do when the call returns after nobody waits for it any more, or <see langword="null"/>.</param>
    /// <param name="cancellationToken">A token to cancel the wait; the call goes on.</param>
    /// <exception cref="TimeoutException">The call has not returned in time.</exception>
    public async Task<T> RunAsync<T>(Func<T> step, Action? late, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var limited = new CancellationTokenSource(limit, timeProvider);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(limited.Token, cancellationToken);
        Task<T>? running = null;
        try
        {
            await _free.WaitAsync(linked.Token).ConfigureAwait(false);
            running = Start(step);
            return await running.WaitAsync(linked.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (linked.IsCancellationRequested)
        {
            // Its exception, if it has one, is of no interest any more, and the thread that comes back is not one of the pool.
            _ = running is null ? Task.Run(() => late?.Invoke(), CancellationToken.None) : running.ContinueWith(
                ended =>
                {
                    _ = ended.Exception;
                    late?.Invoke();
                },
                CancellationToken.None,
                TaskContinuationOptions.LongRunning,
                TaskScheduler.Default);
            cancellationToken.ThrowIfCancellationRequested();
            throw new TimeoutException();
        }
    }

    // Whoever waits continues on the thread pool, and never on a thread of the disk.
    private Task<T> Start<T>(Func<T> step)
    {
        var result = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = Task.Factory.StartNew(step, CancellationToken.None, TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default);
        _ = thread.ContinueWith(
            ended =>
            {
                _free.Release();
                result.SetFromTask(ended);
            },
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
        return result.Task;
    }
}
