using System.Text.Json;
using Amazon.S3;
using Amazon.S3.Model;
using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.S3.Requests;

/// <summary>Creates the requests, with what the options demand of each.</summary>
internal sealed class S3Requests(S3StateStorageOptions options, S3Clients clients, S3Calls calls)
{
    private const string Binary = "application/octet-stream";
    private readonly ServerSideEncryptionMethod? _method = options.Encryption switch
    {
        S3EncryptionMode.S3Managed => ServerSideEncryptionMethod.AES256,
        S3EncryptionMode.Kms => ServerSideEncryptionMethod.AWSKMS,
        S3EncryptionMode.KmsDualLayer => ServerSideEncryptionMethod.AWSKMSDSSE,
        _ => null,
    };

    private readonly ServerSideEncryptionCustomerMethod? _customerMethod = options.CustomerKey is null ? null : ServerSideEncryptionCustomerMethod.AES256;
    private readonly string? _context = options.KmsEncryptionContext is { Count: > 0 } context ? ContextHeader(context) : null;
    private readonly bool? _useChunks = options.PayloadSigning == S3PayloadSigning.Chunked ? null : false;
    private readonly bool? _isUnsigned = options.PayloadSigning == S3PayloadSigning.Unsigned ? true : null;

    public PutObjectRequest Put(StateKey key, Stream content, string writer)
    {
        var request = new PutObjectRequest
        {
            BucketName = options.BucketName,
            Key = calls.ObjectName(key),
            ExpectedBucketOwner = options.ExpectedBucketOwner,
            InputStream = content,
            ContentType = Binary,
            IfNoneMatch = "*",
            ServerSideEncryptionMethod = _method,
            ServerSideEncryptionKeyManagementServiceKeyId = options.KmsKeyId,
            ServerSideEncryptionKeyManagementServiceEncryptionContext = _context,
            ServerSideEncryptionCustomerMethod = _customerMethod,
            ServerSideEncryptionCustomerProvidedKey = options.CustomerKey,
            StorageClass = StorageClass(),
            DisablePayloadSigning = _isUnsigned,
        };
        if (_useChunks is { } useChunks)
        {
            request.UseChunkEncoding = useChunks;
        }

        request.Metadata[S3Objects.WriterMetadata] = writer;
        return request;
    }

    public GetObjectRequest Get(StateKey key, ByteRange? range = null) => new()
    {
        BucketName = options.BucketName,
        Key = calls.ObjectName(key),
        ByteRange = range,
        ExpectedBucketOwner = options.ExpectedBucketOwner,
        ServerSideEncryptionCustomerMethod = _customerMethod,
        ServerSideEncryptionCustomerProvidedKey = options.CustomerKey,
    };

    public GetObjectMetadataRequest Head(StateKey key) => new()
    {
        BucketName = options.BucketName,
        Key = calls.ObjectName(key),
        ExpectedBucketOwner = options.ExpectedBucketOwner,
        ServerSideEncryptionCustomerMethod = _customerMethod,
        ServerSideEncryptionCustomerProvidedKey = options.CustomerKey,
    };

    public DeleteObjectRequest Delete(StateKey key) => new()
    {
        BucketName = options.BucketName, Key = calls.ObjectName(key), ExpectedBucketOwner = options.ExpectedBucketOwner,
    };

    public ListObjectsV2Request List(string prefix) => new()
    {
        BucketName = options.BucketName, Prefix = calls.ObjectPrefix + prefix, ExpectedBucketOwner = options.ExpectedBucketOwner,
    };

    public InitiateMultipartUploadRequest Start(StateKey key, string writer)
    {
        var request = new InitiateMultipartUploadRequest
        {
            BucketName = options.BucketName,
            Key = calls.ObjectName(key),
            ExpectedBucketOwner = options.ExpectedBucketOwner,
            ContentType = Binary,
            ChecksumAlgorithm = Checksum(),
            ServerSideEncryptionMethod = _method,
            ServerSideEncryptionKeyManagementServiceKeyId = options.KmsKeyId,
            ServerSideEncryptionKeyManagementServiceEncryptionContext = _context,
            ServerSideEncryptionCustomerMethod = _customerMethod,
            ServerSideEncryptionCustomerProvidedKey = options.CustomerKey,
            StorageClass = StorageClass(),
        };
        request.Metadata[S3Objects.WriterMetadata] = writer;
        return request;
    }

    public UploadPartRequest Part(StateKey key, string upload, int number, byte[] buffer, int count)
    {
        var request = new UploadPartRequest
        {
            BucketName = options.BucketName,
            Key = calls.ObjectName(key),
            ExpectedBucketOwner = options.ExpectedBucketOwner,
            UploadId = upload,
            PartNumber = number,
            PartSize = count,
            InputStream = new MemoryStream(buffer, 0, count, writable: false),
            ChecksumAlgorithm = Checksum(),
            ServerSideEncryptionCustomerMethod = _customerMethod,
            ServerSideEncryptionCustomerProvidedKey = options.CustomerKey,
            DisablePayloadSigning = _isUnsigned,
        };
        if (_useChunks is { } useChunks)
        {
            request.UseChunkEncoding = useChunks;
        }

        return request;
    }

    public CompleteMultipartUploadRequest Completion(StateKey key, string upload, IEnumerable<UploadPartResponse> parts)
    {
        var request = new CompleteMultipartUploadRequest
        {
            BucketName = options.BucketName,
            Key = calls.ObjectName(key),
            ExpectedBucketOwner = options.ExpectedBucketOwner,
            UploadId = upload,
            IfNoneMatch = "*",
        };
        request.AddPartETagsAndChecksums(parts);
        return request;
    }

    public AbortMultipartUploadRequest Abort(string objectName, string upload) => new()
    {
        BucketName = options.BucketName, Key = objectName, UploadId = upload, ExpectedBucketOwner = options.ExpectedBucketOwner,
    };

    public ListMultipartUploadsRequest Uploads(string prefix) => new()
    {
        BucketName = options.BucketName, Prefix = calls.ObjectPrefix + prefix, ExpectedBucketOwner = options.ExpectedBucketOwner,
    };

    public ListPartsRequest Parts(string objectName, string upload) => new()
    {
        BucketName = options.BucketName, Key = objectName, UploadId = upload, ExpectedBucketOwner = options.ExpectedBucketOwner,
    };

    // The header is the Base64 of a JSON object of strings.
    private static string ContextHeader(IDictionary<string, string> context)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            foreach (var (name, value) in context.OrderBy(item => item.Key, StringComparer.Ordinal))
            {
                json.WriteString(name, value);
            }

            json.WriteEndObject();
        }

        return Convert.ToBase64String(bytes.ToArray());
    }

    private S3StorageClass? StorageClass() => options.StorageClass is null ? null : S3StorageClass.FindValue(options.StorageClass);

    // An algorithm that is named is sent whatever the client is configured for.
    private ChecksumAlgorithm? Checksum() => clients.SendsChecksums ? ChecksumAlgorithm.CRC32 : null;
}
