using System.Runtime.CompilerServices;
using Azure.Core;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Flink.Kubernetes.HA.AzureBlob.Requests;
using Flink.Kubernetes.HA.Storage;
using Flink.Kubernetes.HA.Storage.Objects;

namespace Flink.Kubernetes.HA.AzureBlob;

/// <summary>Stores data as block blobs in a container of Azure Blob Storage.</summary>
/// <remarks>
/// Data is written with <c>If-None-Match: *</c>, so one of several writers of a key wins. After a lost response, the writer in the metadata of the
/// blob shows which. Azure itself removes the blocks of an upload that was never completed, after a week.
/// </remarks>
public sealed class AzureBlobStateStorage : IStateStorage
{
    private readonly AzureBlobStateStorageOptions _options;
    private readonly BlobClients _clients;
    private readonly BlobCalls _calls;
    private readonly TimeProvider _timeProvider;

    /// <summary>Creates a storage; sends no request before the first call.</summary>
    /// <param name="options">The options; the values are copied.</param>
    /// <param name="container">
    /// Your own client, with its own address, credential, encryption and retries. Options that it makes meaningless must not be set. Default: a client
    /// by the options.
    /// </param>
    /// <param name="credential">The credential for <see cref="AzureBlobStateStorageOptions.ServiceUri"/>, such as a <c>WorkloadIdentityCredential</c> of
    /// Azure.Identity. Default: none, for an address with a shared access signature.</param>
    /// <param name="timeProvider">The clock for time limits and retries. Default: the system clock.</param>
    /// <exception cref="ArgumentException">The options are not valid; the message says why.</exception>
    public AzureBlobStateStorage(
        AzureBlobStateStorageOptions options, BlobContainerClient? container = null, TokenCredential? credential = null, TimeProvider? timeProvider = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options.Snapshot(container is not null);
        _timeProvider = timeProvider ?? TimeProvider.System;
        _clients = container is null ? BlobClients.Create(_options, credential) : new BlobClients(container, container);
        _calls = new BlobCalls(_options, _clients.Retrying, _timeProvider);
        Location = _calls.LocationOf(key: null);
    }

    /// <inheritdoc/>
    public string Location { get; }

    /// <inheritdoc/>
    public Task<StoredState> WriteAsync(StateKey key, Stream content, IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(content);
        return new BlobWrite(key, _options, _clients, _calls, _timeProvider).RunAsync(content, progress, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<Stream> OpenReadAsync(StateKey key, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        var call = new ObjectCall("read", key);
        var blob = _clients.Retrying.GetBlobClient(_calls.ObjectName(key));
        var response = await _calls.RunAsync(call, token => blob.DownloadStreamingAsync(cancellationToken: token), cancellationToken).ConfigureAwait(false);
        return new ObjectReadStream(response.Value.Content, response.Value.Details.ContentLength, response.Value, call, _calls);
    }

    /// <inheritdoc/>
    public async Task<bool> DeleteAsync(StateKey key, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        var blob = _clients.Retrying.GetBlobClient(_calls.ObjectName(key));
        try
        {
            await _calls.RunAsync(
                new ObjectCall("delete", key, IsWrite: true),
                token => blob.DeleteAsync(DeleteSnapshotsOption.IncludeSnapshots, conditions: null, token),
                cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (StateStorageException exception) when (exception.Failure == StateStorageFailure.NotFound)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<StateEntry> ListAsync(string prefix = "", CancellationToken cancellationToken = default) =>
        RunListAsync(StateKey.CheckPrefix(prefix), cancellationToken);

    /// <summary>Does nothing: Azure removes the blocks of an upload that was never completed by itself, after a week.</summary>
    /// <returns>0.</returns>
    public Task<int> RemoveUnfinishedWritesAsync(string prefix, TimeSpan olderThan, CancellationToken cancellationToken = default)
    {
        StateKey.CheckPrefix(prefix);
        ArgumentOutOfRangeException.ThrowIfLessThan(olderThan, TimeSpan.Zero);
        return cancellationToken.IsCancellationRequested ? Task.FromCanceled<int>(cancellationToken) : Task.FromResult(0);
    }

    private async IAsyncEnumerable<StateEntry> RunListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? next = null;
        do
        {
            var page = await _calls.RunAsync(new ObjectCall("list", Key: null), token => NextPageAsync(prefix, next, token), cancellationToken).ConfigureAwait(false);
            foreach (var item in page.Values)
            {
                cancellationToken.ThrowIfCancellationRequested();

                // A blob whose name is not a key was not written by this library; accounts with folders list those as blobs.
                if (_calls.KeyOf(item.Name) is { } key && item.Metadata?.ContainsKey("hdi_isfolder") != true)
                {
                    yield return new StateEntry(key, item.Properties.ContentLength ?? 0, item.Properties.LastModified ?? DateTimeOffset.UnixEpoch);
                }
            }

            next = page.ContinuationToken;
        }
        while (!string.IsNullOrEmpty(next));
    }

    // Page by page, so that each has the time limit of a request.
    private async Task<Azure.Page<BlobItem>> NextPageAsync(string prefix, string? next, CancellationToken cancellationToken)
    {
        var pages = _clients.Retrying.GetBlobsAsync(BlobTraits.Metadata, BlobStates.None, _calls.ObjectPrefix + prefix, cancellationToken).AsPages(next);
        await foreach (var page in pages.ConfigureAwait(false))
        {
            return page;
        }

        throw new InvalidOperationException("The Azure SDK returned no page.");
    }
}
