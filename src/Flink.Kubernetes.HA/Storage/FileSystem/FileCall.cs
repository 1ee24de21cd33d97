namespace Flink.Kubernetes.HA.Storage.FileSystem;

/// <summary>One call of a storage: runs its steps and turns what the disk throws into what the storage throws.</summary>
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
        ? Failure(StateStorageFailure.AlreadyExists, "it is a folder that other keys lie in. Take keys of which none is the beginning of another", null)
        : Failure(StateStorageFailure.AlreadyExists, "there is data under this key already, and data is never replaced. Take a new key for every write", null);

    private static bool IsOfDisk(Exception exception) =>
        exception is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentOutOfRangeException;

    private StateStorageException ToException(Exception exception, FileEffect effect)
    {
        var (failure, what) = FileFailures.Explain(exception, folders, Path, isWrite: verb == "write");

        // A lack of rights or of space is an answer; a disk or a server that broke down has perhaps done it.
        var isUnclear = failure is StateStorageFailure.Unavailable or StateStorageFailure.Timeout or StateStorageFailure.Other;
        return effect switch
        {
            FileEffect.Done => Failure(failure, $"{what}. The data is there, but a power cut may undo it: write it again under another key", exception, isOutcomeUnknown: true),
            FileEffect.Possible => Failure(failure, what, exception, isUnclear),
            _ => Failure(failure, what, exception),
        };
    }

    private StateStorageException Failure(StateStorageFailure failure, string what, Exception? cause, bool isOutcomeUnknown = false) =>
        new(failure, $"Could not {verb} {Path}: {what}.", cause) { Key = key, Location = Path, IsOutcomeUnknown = isOutcomeUnknown };
}
