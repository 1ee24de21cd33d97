using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.Storage.FileSystem;

/// <summary>Stores data as files on a disk that all replicas share, such as a volume or an NFS mount.</summary>
/// <remarks>
/// A file is written under a temporary name, flushed to disk, and then given its name by a hard link, which never replaces a file. So nobody sees
/// a part of it, and one of several writers wins. The folders above are flushed as well, so the data survives a power failure. A file server that
/// does not answer delays a call by <see cref="FileSystemStateStorageOptions.OperationTimeout"/> at most, and a canceled one not at all. No file is
/// locked on Linux.
/// </remarks>
public sealed class FileSystemStateStorage : IStateStorage
{
    private readonly StorageFolders _folders;
    private readonly DiskCalls _disk;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly DiskThreads _threads;

    /// <summary>Creates a storage; does not access the disk before the first call.</summary>
    /// <param name="options">The options; the values are copied.</param>
    /// <param name="timeProvider">The clock for time limits and the age of unfinished writes. Default: the system clock.</param>
    /// <param name="loggerFactory">The logger factory, for temporary files that could not be removed. Default: no logging.</param>
    /// <exception cref="ArgumentException">The root directory is not set or not an absolute path.</exception>
    public FileSystemStateStorage(FileSystemStateStorageOptions options, TimeProvider? timeProvider = null, ILoggerFactory? loggerFactory = null)
        : this(options, new DiskCalls(), timeProvider, loggerFactory)
    {
    }

    internal FileSystemStateStorage(FileSystemStateStorageOptions options, DiskCalls disk, TimeProvider? timeProvider = null, ILoggerFactory? loggerFactory = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Problem() is { } problem)
        {
            throw new ArgumentException(problem, nameof(options));
        }

        _disk = disk;
        _folders = new StorageFolders(options.RootDirectory, options.CreateRootDirectory, disk);
        _timeProvider = timeProvider ?? TimeProvider.System;
        _threads = new DiskThreads(options.OperationTimeout, _timeProvider);
        _logger = (loggerFactory ?? NullLoggerFactory.Instance).CreateLogger<FileSystemStateStorage>();
    }

    /// <summary>The root directory.</summary>
    public string Location => _folders.Root;

    /// <inheritdoc/>
    public Task<StoredState> WriteAsync(StateKey key, Stream content, IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(content);
        return new FileCopy(Call("write", key), _folders, _disk, _logger).RunAsync(key, content, progress, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<Stream> OpenReadAsync(StateKey key, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        var call = Call("read", key);
        Stream? file = null;
        await call.RunAsync(() => file = _disk.OpenRead(call.Path), () => file?.Dispose(), FileEffect.None, cancellationToken).ConfigureAwait(false);
        return new FileReadStream(file!, call);
    }

    /// <inheritdoc/>
    public async Task<bool> DeleteAsync(StateKey key, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        return await DeleteAsync(Call("delete", key), path: null, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<StateEntry> ListAsync(string prefix = "", CancellationToken cancellationToken = default)
    {
        var list = new FileList(Call("list", key: null), _folders, _disk, StateKey.CheckPrefix(prefix), _folders.KeyOf);
        return list.RunAsync(cancellationToken).Select(file => new StateEntry(file.Key, file.Size, file.LastModified));
    }

    /// <inheritdoc/>
    public Task<int> RemoveUnfinishedWritesAsync(string prefix, TimeSpan olderThan, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(olderThan, TimeSpan.Zero);
        var list = new FileList(
            Call("remove unfinished writes of", key: null), _folders, _disk, StateKey.CheckPrefix(prefix), _folders.KeyOfUnfinished);
        return RemoveAsync(list, _timeProvider.GetUtcNow() - olderThan, cancellationToken);
    }

    private async Task<int> RemoveAsync(FileList unfinished, DateTimeOffset limit, CancellationToken cancellationToken)
    {
        var removed = 0;
        await foreach (var file in unfinished.RunAsync(cancellationToken).ConfigureAwait(false))
        {
            var isOld = file.LastModified < limit;
            removed += isOld && await DeleteAsync(Call("remove an unfinished write of", file.Key), file.Path, cancellationToken).ConfigureAwait(false) ? 1 : 0;
        }

        return removed;
    }

    /// <summary>Deletes data, or another file beside it.</summary>
    private ValueTask<bool> DeleteAsync(FileCall call, string? path, CancellationToken cancellationToken) => call.RunAsync(
        () =>
        {
            try
            {
                call.Do(() => _disk.Delete(path ?? call.Path), FileEffect.Possible);
            }
            catch (StateStorageException exception) when (exception.Failure == StateStorageFailure.NotFound)
            {
                return false;
            }

            // A crash may undo the delete; the data is then like any other without a pointer.
            _folders.RemoveEmptyAbove(call.Path);
            return true;
        },
        late: null,
        FileEffect.Possible,
        cancellationToken);

    private FileCall Call(string verb, StateKey? key) => new(verb, key, _folders, _threads);
}
