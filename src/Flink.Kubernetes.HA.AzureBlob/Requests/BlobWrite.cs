using System.Buffers;
using System.Buffers.Binary;
using System.Net;
using Azure;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Flink.Kubernetes.HA.Storage;
using Flink.Kubernetes.HA.Storage.Objects;
using Flink.Kubernetes.HA.Storage.Streams;

namespace Flink.Kubernetes.HA.AzureBlob.Requests;

/// <summary>One write: in one request if the content is smaller than a block, otherwise in blocks that are committed at the end.</summary>
internal sealed class BlobWrite(StateKey key, AzureBlobStateStorageOptions options, BlobClients clients, BlobCalls calls, TimeProvider timeProvider)
{
    private const string WriterMetadata = "flink_ha_writer";
    private const int MostBlocks = 50_000;
    private static readonly BlobRequestConditions Unused = new() { IfNoneMatch = ETag.All };

    // Blocks are kept by the name of the blob until they are committed: the blocks of another writer must not be taken for ours.
    private readonly Guid _writer = Guid.NewGuid();
    private readonly ObjectCall _call = new("write", key, IsWrite: true);
    private readonly BlockBlobClient _retrying = clients.Retrying.GetBlockBlobClient(calls.ObjectName(key));
    private readonly BlockBlobClient _once = clients.Once.GetBlockBlobClient(calls.ObjectName(key));

    private Dictionary<string, string> Metadata => new() { [WriterMetadata] = _writer.ToString("N") };

    public async Task<StoredState> RunAsync(Stream content, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var measured = new MeasuredContent(content, progress);
        var first = await FirstPart.ReadAsync(measured, options.BlockSize, cancellationToken).ConfigureAwait(false);
        var condition = new ConditionalWrite(_call, WhoWroteAsync, options.MaxRetries, calls, timeProvider);
        if (first.Count < options.BlockSize)
        {
            var upload = new BlobUploadOptions { Conditions = Unused, Metadata = Metadata };
            await condition.RunAsync(
                token => _once.UploadAsync(new MemoryStream(first.Buffer, 0, first.Count, writable: false), upload, token), cancellationToken).ConfigureAwait(false);

            // Not returned after a failure: a request that was canceled or has timed out may still be reading it.
            ArrayPool<byte>.Shared.Return(first.Buffer);
            measured.Report(first.Count);
        }
        else
        {
            await SendBlocksAsync(measured, first, condition, cancellationToken).ConfigureAwait(false);
        }

        return measured.ToState(key);
    }

    private async Task SendBlocksAsync(MeasuredContent content, FirstPart first, ConditionalWrite condition, CancellationToken cancellationToken)
    {
        // Saves sending gigabytes in vain; the condition at the end is what decides.
        if (await FindAsync(_call with { IsWrite = false }, cancellationToken).ConfigureAwait(false) is not null)
        {
            ArrayPool<byte>.Shared.Return(first.Buffer);
            throw calls.ToException(_call, ObjectFailure.Taken, cause: null);
        }

        var sending = new PartSending<string>(content, options.BlockSize, options.UploadConcurrency, MostBlocks, TooMany, SendBlockAsync);
        var blocks = await sending.RunAsync(first, cancellationToken).ConfigureAwait(false);
        var commit = new CommitBlockListOptions { Conditions = Unused, Metadata = Metadata };
        await condition.RunAsync(token => _once.CommitBlockListAsync(blocks, commit, token), cancellationToken).ConfigureAwait(false);
    }

    private async Task<string> SendBlockAsync(int number, byte[] buffer, int count, CancellationToken cancellationToken)
    {
        var name = new byte[20];
        _writer.TryWriteBytes(name);
        BinaryPrimitives.WriteInt32BigEndian(name.AsSpan(16), number);
        var id = Convert.ToBase64String(name);
        await calls.RunAsync(
            _call with { IsWrite = false },
            token => _retrying.StageBlockAsync(id, new MemoryStream(buffer, 0, count, writable: false), options: null, token),
            cancellationToken).ConfigureAwait(false);
        return id;
    }

    private StateStorageException TooMany() => calls.ToException(
        _call,
        new ObjectFailure(StateStorageFailure.TooLarge, $"it has more than {MostBlocks} blocks. Increase {nameof(AzureBlobStateStorageOptions.BlockSize)}"),
        cause: null);

    private async Task<ObjectWriter> WhoWroteAsync(CancellationToken cancellationToken)
    {
        var found = await FindAsync(new ObjectCall("read", key), cancellationToken).ConfigureAwait(false);
        return found is null ? ObjectWriter.Nobody
            : found.TryGetValue(WriterMetadata, out var writer) && writer == _writer.ToString("N") ? ObjectWriter.This
            : ObjectWriter.Another;
    }

    // Not every status has a body, but the header x-ms-error-code tells a missing container from a missing blob.
    private Task<IDictionary<string, string>?> FindAsync(ObjectCall call, CancellationToken cancellationToken) => calls.RunAsync(
        call,
        async token =>
        {
            try
            {
                return (await _retrying.GetPropertiesAsync(conditions: null, token).ConfigureAwait(false)).Value.Metadata;
            }
            catch (RequestFailedException exception) when (exception.Status == (int)HttpStatusCode.NotFound && exception.ErrorCode != "ContainerNotFound")
            {
                return null;
            }
        },
        cancellationToken);
}
