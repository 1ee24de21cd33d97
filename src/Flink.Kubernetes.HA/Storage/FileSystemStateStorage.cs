using System.Buffers;
using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.Storage.FileSystem;
using Flink.Kubernetes.HA.Storage.Streams;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Flink.Kubernetes.HA.Storage;

/// <summary>Data as files on a disk that all replicas share, such as a volume or an NFS mount.</summary>
/// <remarks>
/// A file is written aside, flushed to disk, and then given its name by a hard link, which never replaces: nobody sees a part of it, and of
/// several writers one wins. The folders above are flushed too, so what was written survives a power cut.
/// </remarks>
public sealed class FileSystemStateStorage : IStateStorage
{
    private const int BufferBytes = 256 * 1024;
    private readonly StorageFolders _folders;
    private readonly DiskCalls _disk;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;

    /// <summary>Creates a storage; nothing is touched before the first call.</summary>
    /// <param name="options">Where the data lies; the values are copied.</param>
    /// <param name="timeProvider">The clock that tells how old unfinished writes are; default: the system's.</param>
    /// <param name="loggerFactory">Gets a message where something could not be tidied up; default: none.</param>
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
            // Before gigabytes are copied in vain; what counts is the link at the end.
            call.ThrowIfTaken();
            return _folders.NewUnfinished();
        });
        try
        {
            using var measured = new MeasuredContent(content, progress);
            await CopyAsync(call, measured, temporary, cancellationToken).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            await Task.Run(() => new Publication(call, _folders, _disk).Publish(temporary), CancellationToken.None).ConfigureAwait(false);
            return measured.ToState(key, call.Path);
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

                // A crash may undo it; then the data is like any other that no pointer names.
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
                // Closed before it gets its name: an open file may be locked against its readers.
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
