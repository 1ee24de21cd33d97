using System.Buffers;
using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.Storage.Streams;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.Storage.FileSystem;

/// <summary>Stores data as files on a disk that all replicas share, such as a volume or an NFS mount.</summary>
/// <remarks>
/// A file is written under a temporary name, flushed to disk, and then given its name by a hard link, which never replaces a file. So nobody sees
/// a part of it, and one of several writers wins. The folders above are flushed as well, so the data survives a power failure.
/// </remarks>
public sealed class FileSystemStateStorage : IStateStorage
{
    private const int BufferBytes = 256 * 1024;
    private readonly StorageFolders _folders;
    private readonly DiskCalls _disk;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;

    /// <summary>Creates a storage; does not access the disk before the first call.</summary>
    /// <param name="options">The options; the values are copied.</param>
    /// <param name="timeProvider">The clock for the age of unfinished writes. Default: the system clock.</param>
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
        _logger = (loggerFactory ?? NullLoggerFactory.Instance).CreateLogger<FileSystemStateStorage>();
    }

    /// <summary>The root directory.</summary>
    public string Location => _folders.Root;

    /// <inheritdoc/>
    public async Task<StoredState> WriteAsync(StateKey key, Stream content, IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(content);
        cancellationToken.ThrowIfCancellationRequested();
        var call = new FileCall("write", key, _folders);
        var temporary = call.Do(() =>
        {
            // Saves copying gigabytes in vain; the link at the end is what decides.
            call.ThrowIfTaken();
            return _folders.NewUnfinished();
        });
        try
        {
            using var measured = new MeasuredContent(content, progress);
            await CopyAsync(call, measured, temporary, cancellationToken).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            await Task.Run(() => new AtomicFile(call, _folders, _disk).Publish(temporary), CancellationToken.None).ConfigureAwait(false);
            return measured.ToState(key);
        }
        finally
        {
            Discard(temporary);
        }
    }

    /// <inheritdoc/>
    public Task<Stream> OpenReadAsync(StateKey key, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        var call = new FileCall("read", key, _folders);
        return Task.Run<Stream>(() => call.Do(() => new FileReadStream(_disk.OpenRead(call.Path), call)), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<bool> DeleteAsync(StateKey key, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        var call = new FileCall("delete", key, _folders);
        return Task.Run(
            () =>
            {
                try
                {
                    call.Do(() => _disk.Delete(call.Path), FileEffect.Possible);
                }
                catch (StateStorageException exception) when (exception.Failure == StateStorageFailure.NotFound)
                {
                    return false;
                }

                // A crash may undo the delete; the data is then like any other without a pointer.
                _folders.RemoveEmptyAbove(call.Path);
                return true;
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<StateEntry> ListAsync(string prefix = "", CancellationToken cancellationToken = default) =>
        new FileList(_folders, StateKey.CheckPrefix(prefix)).RunAsync(cancellationToken);

    /// <inheritdoc/>
    public Task<int> RemoveUnfinishedWritesAsync(TimeSpan olderThan, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(olderThan, TimeSpan.Zero);
        var limit = _timeProvider.GetUtcNow() - olderThan;
        var call = new FileCall("remove unfinished writes", key: null, _folders);
        return Task.Run(
            () => call.Do(() =>
            {
                var removed = 0;
                foreach (var file in _folders.Unfinished())
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    if (file.LastWriteTimeUtc < limit.UtcDateTime)
                    {
                        file.Delete();
                        removed++;
                    }
                }

                return removed;
            }),
            cancellationToken);
    }

    private async Task CopyAsync(FileCall call, MeasuredContent content, string temporary, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            var file = call.Do(() => _disk.Create(temporary));
            try
            {
                while (await content.ReadAsync(buffer.AsMemory(0, BufferBytes), cancellationToken).ConfigureAwait(false) is > 0 and var count)
                {
                    await call.DoAsync(() => file.WriteAsync(buffer.AsMemory(0, count), cancellationToken)).ConfigureAwait(false);
                    content.Report(content.Size);
                }

                await Task.Run(() => call.Do(() => _disk.Flush(file)), cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                // Closed before it gets its name: an open file may be locked for readers.
                await call.DoAsync(file.DisposeAsync).ConfigureAwait(false);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void Discard(string temporary)
    {
        try
        {
            File.Delete(temporary);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Log.UnfinishedFileRemains(_logger, exception, temporary);
        }
    }
}

/// <summary>A file whose failures are converted to those of the storage.</summary>
internal sealed class FileReadStream(Stream file, FileCall call) : ReadStream
{
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        call.DoAsync(() => file.ReadAsync(buffer, cancellationToken));

    public override async ValueTask DisposeAsync()
    {
        await file.DisposeAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            file.Dispose();
        }

        base.Dispose(disposing);
    }
}
