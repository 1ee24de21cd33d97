using Amazon.S3.Model;
using Flink.Kubernetes.HA.Storage.Objects;

namespace Flink.Kubernetes.HA.S3.Requests;

/// <summary>Finds multipart uploads that were never completed, and removes them.</summary>
internal sealed class UnfinishedUploads(S3Clients clients, S3Requests requests, S3Calls calls)
{
    private static readonly ObjectCall Call = new("remove unfinished writes of", Key: null);

    public async Task<int> RemoveAsync(string prefix, DateTimeOffset limit, CancellationToken cancellationToken)
    {
        var removed = 0;
        var request = requests.Uploads(prefix);
        ListMultipartUploadsResponse page;
        do
        {
            page = await calls.RunAsync(
                Call, token => clients.Retrying.ListMultipartUploadsAsync(request, token), cancellationToken).ConfigureAwait(false);
            foreach (var upload in page.MultipartUploads ?? [])
            {
                // An upload in progress may be older than the limit, but each of its parts shows that it is active.
                if (calls.KeyOf(upload.Key) is not null
                    && S3Calls.Time(upload.Initiated) < limit
                    && await LastPartAsync(upload, cancellationToken).ConfigureAwait(false) < limit)
                {
                    await AbortAsync(upload, cancellationToken).ConfigureAwait(false);
                    removed++;
                }
            }

            (request.KeyMarker, request.UploadIdMarker) = (page.NextKeyMarker, page.NextUploadIdMarker);
        }
        while (page.IsTruncated == true);
        return removed;
    }

    private async Task<DateTimeOffset> LastPartAsync(MultipartUpload upload, CancellationToken cancellationToken)
    {
        var last = DateTimeOffset.MinValue;
        var request = requests.Parts(upload.Key, upload.UploadId);
        ListPartsResponse page;
        do
        {
            page = await calls.RunAsync(Call, token => clients.Retrying.ListPartsAsync(request, token), cancellationToken).ConfigureAwait(false);
            foreach (var part in page.Parts ?? [])
            {
                var time = S3Calls.Time(part.LastModified);
                last = time > last ? time : last;
            }

            request.PartNumberMarker = page.NextPartNumberMarker?.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }
        while (page.IsTruncated == true);
        return last;
    }

    private Task<AbortMultipartUploadResponse> AbortAsync(MultipartUpload upload, CancellationToken cancellationToken) => calls.RunAsync(
        Call, token => clients.Retrying.AbortMultipartUploadAsync(requests.Abort(upload.Key, upload.UploadId), token), cancellationToken);
}
