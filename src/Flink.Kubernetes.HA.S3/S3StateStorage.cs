using System.Runtime.CompilerServices;
using Amazon.S3;
using Flink.Kubernetes.HA.S3.Requests;
using Flink.Kubernetes.HA.Storage;
using Flink.Kubernetes.HA.Storage.Objects;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Flink.Kubernetes.HA.S3;

/// <summary>Stores data as objects in a bucket of S3, or of a compatible server.</summary>
/// <remarks>
/// Data is written with <c>If-None-Match: *</c>, so one of several writers of a key wins. After a lost response, the writer in the metadata of the
/// object shows which. Some servers ignore that condition when they complete a multipart upload, so use a new key for every write.
/// </remarks>
public sealed class S3StateStorage : IStateStorage, IDisposable
{
    private readonly S3StateStorageOptions _options;
    private readonly S3Clients _clients;
    private readonly S3Calls _calls;
    private readonly S3Requests _requests;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;

    /// <summary>Creates a storage; sends no request before the first call.</summary>
    /// <param name="options">The options; the values are copied.</param>
    /// <param name="client">
    /// Your own client, with its own credentials, endpoint and retries; it is not disposed. Options that it makes meaningless must not be set.
    /// Default: a client with the credential chain of the AWS SDK.
    /// </param>
    /// <param name="timeProvider">The clock for time limits and retries. Default: the system clock.</param>
    /// <param name="loggerFactory">The logger factory, for uploads that could not be removed. Default: no logging.</param>
    /// <exception cref="ArgumentException">The options are not valid; the message says why.</exception>
    public S3StateStorage(S3StateStorageOptions options, IAmazonS3? client = null, TimeProvider? timeProvider = null, ILoggerFactory? loggerFactory = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options.Snapshot();
        _timeProvider = timeProvider ?? TimeProvider.System;
        _logger = (loggerFactory ?? NullLoggerFactory.Instance).CreateLogger<S3StateStorage>();
        _clients = client is null ? S3Clients.Create(_options)
            : _options.ProblemWithClient() is { } problem ? throw new ArgumentException(problem, nameof(options))
            : S3Clients.Of(client);
        _calls = new S3Calls(_options, _timeProvider);
        _requests = new S3Requests(_options, _clients, _calls);
        Location = _calls.LocationOf(key: null);
    }

    /// <inheritdoc/>
    public string Location { get; }

    /// <inheritdoc/>
    public Task<StoredState> WriteAsync(StateKey key, Stream content, IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(content);
        return new S3Write(key, _options, _clients, _requests, _calls, _timeProvider, _logger).RunAsync(content, progress, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<Stream> OpenReadAsync(StateKey key, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        var call = new ObjectCall("read", key);
        var response = await _calls.RunAsync(call, token => _clients.Retrying.GetObjectAsync(_requests.Get(key), token), cancellationToken).ConfigureAwait(false);
        return new ObjectReadStream(response.ResponseStream, response.ContentLength, response, call, _calls);
    }

    /// <inheritdoc/>
    public async Task<bool> DeleteAsync(StateKey key, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        var existed = await new S3Objects(_clients, _requests, _calls).ExistsAsync(new ObjectCall("delete", key), cancellationToken).ConfigureAwait(false);

        // Deleted even if none was found: an earlier write with a lost response may still land, and a delete is harmless.
        await _calls.RunAsync(
            new ObjectCall("delete", key, IsWrite: true), token => _clients.Retrying.DeleteObjectAsync(_requests.Delete(key), token), cancellationToken).ConfigureAwait(false);
        return existed;
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<StateEntry> ListAsync(string prefix = "", CancellationToken cancellationToken = default) =>
        RunListAsync(StateKey.CheckPrefix(prefix), cancellationToken);

    /// <inheritdoc/>
    public Task<int> RemoveUnfinishedWritesAsync(string prefix, TimeSpan olderThan, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(olderThan, TimeSpan.Zero);
        return new UnfinishedUploads(_clients, _requests, _calls).RemoveAsync(StateKey.CheckPrefix(prefix), _timeProvider.GetUtcNow() - olderThan, cancellationToken);
    }

    /// <summary>Disposes the client, unless it was passed in.</summary>
    public void Dispose() => _clients.Dispose();

    private async IAsyncEnumerable<StateEntry> RunListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var request = _requests.List(prefix);
        do
        {
            var page = await _calls.RunAsync(new ObjectCall("list", Key: null), token => _clients.Retrying.ListObjectsV2Async(request, token), cancellationToken).ConfigureAwait(false);
            foreach (var item in page.S3Objects ?? [])
            {
                cancellationToken.ThrowIfCancellationRequested();

                // An object whose name is not a key was not written by this library.
                if (_calls.KeyOf(item.Key) is { } key)
                {
                    yield return new StateEntry(key, item.Size ?? 0, S3Calls.Time(item.LastModified));
                }
            }

            request.ContinuationToken = page.IsTruncated == true ? page.NextContinuationToken : null;
        }
        while (request.ContinuationToken is not null);
    }
}
