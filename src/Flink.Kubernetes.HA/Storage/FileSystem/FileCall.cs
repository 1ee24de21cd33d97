namespace Flink.Kubernetes.HA.Storage.FileSystem;

/// <summary>One call of a storage: runs its steps and converts the exceptions of the disk.</summary>
internal sealed class FileCall(string verb, StateKey? key, StorageFolders folders)
{
    public string Path { get; } = key is null ? folders.Root : folders.PathOf(key);

    public void Do(Action step, FileEffect effect = FileEffect.None)
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

    public T Do<T>(Func<T> step)
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

    public async ValueTask DoAsync(Func<ValueTask> step)
    {
        try
        {
            await step().ConfigureAwait(false);
        }
        catch (Exception exception) when (IsOfDisk(exception))
        {
            throw ToException(exception, FileEffect.None);
        }
    }

    public async ValueTask<T> DoAsync<T>(Func<ValueTask<T>> step)
    {
        try
        {
            return await step().ConfigureAwait(false);
        }
        catch (Exception exception) when (IsOfDisk(exception))
        {
            throw ToException(exception, FileEffect.None);
        }
    }

    public void ThrowIfTaken()
    {
        if (System.IO.Path.Exists(Path))
        {
            throw Taken();
        }
    }

    public StateStorageException Taken() => Directory.Exists(Path)
        ? Failure(StateStorageFailure.AlreadyExists, "it is a folder that contains other keys. Use keys of which none is a prefix of another", null)
        : Failure(StateStorageFailure.AlreadyExists, "there already is data with this key, and data is never replaced. Use a new key for every "
            + "write", null);

    private static bool IsOfDisk(Exception exception) =>
        exception is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentOutOfRangeException;

    private StateStorageException ToException(Exception exception, FileEffect effect)
    {
        var (failure, what) = FileFailures.Explain(exception, folders, Path, isWrite: verb == "write");

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
        new(failure, $"Could not {verb} {Path}: {what}.", cause) { Key = key, Location = Path, IsOutcomeUnknown = isOutcomeUnknown };
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
