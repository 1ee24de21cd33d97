namespace Flink.Kubernetes.HA.Storage.FileSystem;

/// <summary>One call of a storage: runs its steps and converts the exceptions of the disk.</summary>
internal sealed class FileCall
{
    private readonly string _verb;
    private readonly StateKey? _key;
    private readonly StorageFolders _folders;
    private readonly DiskThreads _threads;

    public FileCall(string verb, StateKey? key, StorageFolders folders, DiskThreads threads)
    {
        (_verb, _key, _folders, _threads) = (verb, key, folders, threads);
        Path = key is null ? folders.Root : folders.PathOf(key);
        if (key is not null && OperatingSystem.IsWindows() && WindowsDevices.IsIn(key))
        {
            throw Failure(StateStorageFailure.Unsupported, "on Windows, a part of it is the name of a device. Use another name", null);
        }
    }

    public string Path { get; }

    /// <summary>Whether a step has not returned in time, or was canceled, and may still be running.</summary>
    public bool IsAbandoned { get; private set; }

    /// <summary>Runs steps, which use <see cref="Do"/>, on a thread of the disk.</summary>
    /// <param name="steps">The steps.</param>
    /// <param name="late">What to do when they return after nobody waits for them any more.</param>
    /// <param name="effect">The effect that they may have had when they do not return.</param>
    /// <param name="cancellationToken">A token to cancel the wait.</param>
    public async ValueTask<T> RunAsync<T>(Func<T> steps, Action? late, FileEffect effect, CancellationToken cancellationToken)
    {
        try
        {
            return await _threads.RunAsync(() => Do(steps), late, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException exception)
        {
            IsAbandoned = true;
            var others = _threads.AreUsedUp ? $"; {DiskThreads.Most} earlier calls have not returned either" : string.Empty;
            throw Failure(
                StateStorageFailure.Timeout,
                $"the disk or the file server of {_folders.Root} did not answer within {_threads.Limit.TotalSeconds:0.#} s{others}. Check the file "
                + $"server, the mount and the network, then retry; on a slow one, increase {nameof(FileSystemStateStorageOptions.OperationTimeout)}",
                exception,
                effect != FileEffect.None);
        }
        catch (OperationCanceledException)
        {
            IsAbandoned = true;
            throw;
        }
    }

    public async ValueTask RunAsync(Action steps, Action? late, FileEffect effect, CancellationToken cancellationToken) => await RunAsync(
        () =>
        {
            steps();
            return true;
        },
        late,
        effect,
        cancellationToken).ConfigureAwait(false);

    public void Do(Action step, FileEffect effect)
    {
        try
        {
            step();
        }
        catch (Exception exception) when (IsOfDisk(exception))
        {
            throw ToException(exception, effect);
        }
    }

    public StateStorageException Taken() => Directory.Exists(Path)
        ? Failure(StateStorageFailure.AlreadyExists, "it is a folder that contains other keys. Use keys of which none is a prefix of another", null)
        : Failure(StateStorageFailure.AlreadyExists, "there already is data with this key, and data is never replaced. Use a new key for every "
            + "write", null);

    public StateStorageException Interrupted() =>
        Failure(StateStorageFailure.Other, "an earlier read of this stream was interrupted. Open it again", null);

    private static bool IsOfDisk(Exception exception) =>
        exception is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentOutOfRangeException;

    private T Do<T>(Func<T> step)
    {
        try
        {
            return step();
        }
        catch (Exception exception) when (IsOfDisk(exception))
        {
            throw ToException(exception, FileEffect.None);
        }
    }

    private StateStorageException ToException(Exception exception, FileEffect effect)
    {
        var (failure, what) = FileFailures.Explain(exception, _folders, Path, isWrite: _verb == "write");

        // A lack of permission or space is a definite failure; a disk or server that has failed may have completed the step.
        var isUnclear = failure is StateStorageFailure.Unavailable or StateStorageFailure.Timeout or StateStorageFailure.Other
            && !Errno.IsMissing(exception);
        return effect switch
        {
            FileEffect.Done =>
                Failure(failure, $"{what}. The data was written, but a power failure may undo it: write it again under another key", exception, isOutcomeUnknown: true),
            FileEffect.Possible => Failure(failure, what, exception, isUnclear),
            _ => Failure(failure, what, exception),
        };
    }

    private StateStorageException Failure(StateStorageFailure failure, string what, Exception? cause, bool isOutcomeUnknown = false) =>
        new(failure, $"Could not {_verb} {Path}: {what}.", cause) { Key = _key, Location = Path, IsOutcomeUnknown = isOutcomeUnknown };
}

/// <summary>The effect of a failed step on the data.</summary>
internal enum FileEffect
{
    /// <summary>Nothing has changed.</summary>
    None,

    /// <summary>The failed step may have changed the data.</summary>
    Possible,

    /// <summary>An earlier step has changed the data.</summary>
    Done,
}
