using System.Net;
using Amazon.S3;
using Flink.Kubernetes.HA.Storage;
using Flink.Kubernetes.HA.Storage.Objects;
using O = Flink.Kubernetes.HA.S3.S3StateStorageOptions;

namespace Flink.Kubernetes.HA.S3.Requests;

/// <summary>Explains the answers of S3, and of servers that speak it in their own way.</summary>
internal static class S3Answers
{
    private static readonly string[] SigningWords = ["STREAMING-", "aws-chunked", "content-sha256", "chunk"];
    private static readonly string[] ChecksumWords = ["TRAILER", "x-amz-checksum", "checksum-algorithm", "checksum"];
    private static readonly string[] ConditionWords = ["If-None-Match", "conditional", "precondition"];
    private static readonly string[] EncryptionWords = ["encryption", "SSE", "customer key"];

    public static ObjectFailure Explain(AmazonS3Exception answer, ObjectCall call, O options) => (answer.StatusCode, answer.ErrorCode) switch
    {
        (HttpStatusCode.NotFound, "NoSuchBucket") =>
            new(StateStorageFailure.StorageMissing, $"the bucket '{options.BucketName}' does not exist. Create it, or correct {nameof(O.BucketName)}"),
        (HttpStatusCode.NotFound, "NoSuchUpload") => new(
            StateStorageFailure.Unavailable, "the upload was removed as unfinished while it was in progress. Write again, and remove unfinished "
                + "writes only when they are older") { IsUploadGone = true },
        (_, { } code) when code.StartsWith("KMS", StringComparison.Ordinal) => new(
            StateStorageFailure.AccessDenied, "the key for the encryption cannot be used. Grant kms:GenerateDataKey and kms:Decrypt on it, check that it is "
                + $"enabled and in the region of the bucket, or correct {nameof(O.KmsKeyId)} and {nameof(O.KmsEncryptionContext)}"),
        (HttpStatusCode.NotFound, _) =>
            new(StateStorageFailure.NotFound, "there is no data with this key. It was deleted, or it was written to another bucket, prefix or server"),
        (HttpStatusCode.PreconditionFailed, _) => ObjectFailure.Taken,
        (HttpStatusCode.Conflict, _) =>
            new(StateStorageFailure.Unavailable, "the server met another request for the same key. Write again under another key") { IsPassing = true },
        (_, "PermanentRedirect" or "AuthorizationHeaderMalformed") or (HttpStatusCode.MovedPermanently, _) =>
            new(StateStorageFailure.StorageMissing, $"the bucket '{options.BucketName}' is in another region. Set {nameof(O.Region)}"),
        (_, "RequestTimeTooSkewed") => new(StateStorageFailure.AccessDenied, "the clock of this machine is wrong by minutes. Correct it"),
        (_, "ExpiredToken" or "InvalidToken" or "TokenRefreshRequired") =>
            new(StateStorageFailure.AccessDenied, "the credentials have expired or are not valid. Renew them"),
        (_, "InvalidAccessKeyId" or "SignatureDoesNotMatch") =>
            new(StateStorageFailure.AccessDenied, "the credentials are wrong. Check access key, secret key and region"),
        (_, "InvalidObjectState") => new(
            StateStorageFailure.AccessDenied, "the object was moved to an archive and cannot be read at once. Restore it, and use a "
                + $"{nameof(O.StorageClass)} and lifecycle rules that keep data readable"),
        (_, "InvalidStorageClass") => new(StateStorageFailure.Unsupported, $"the server does not have the storage class. Correct {nameof(O.StorageClass)}"),
        (HttpStatusCode.BadRequest, "InvalidRequest" or "InvalidArgument" or "InvalidEncryptionAlgorithmError") when Speaks(answer, EncryptionWords) => new(
            StateStorageFailure.AccessDenied, $"the encryption does not fit. Set {nameof(O.Encryption)} and, for SSE-C, {nameof(O.CustomerKey)} to what the data "
                + "was written with and what the bucket demands; SSE-C needs HTTPS"),

        // Before 403, which is what Ceph answers to it.
        (_, "QuotaExceeded" or "XMinioStorageFull" or "XMinioAdminBucketQuotaExceeded") or (HttpStatusCode.InsufficientStorage, _) =>
            new(StateStorageFailure.OutOfSpace, "the storage or a quota is full. Free space or raise the quota"),
        (HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized, _) => Denied(call, options),
        (_, "EntityTooLarge") or (HttpStatusCode.RequestEntityTooLarge, _) =>
            new(StateStorageFailure.TooLarge, "the data is larger than the server accepts. Split it"),
        (_, "EntityTooSmall") => new(StateStorageFailure.Unsupported, $"the server wants larger parts. Increase {nameof(O.PartSize)}"),
        (_, "SlowDown" or "Throttling" or "ThrottlingException" or "RequestLimitExceeded" or "TooManyRequests") or (HttpStatusCode.TooManyRequests, _) => new(
            StateStorageFailure.Throttled, "the server throttled the request, even after retries. Write less often, or spread the keys over several "
                + "prefixes") { IsPassing = true },
        (_, "XAmzContentSHA256Mismatch" or "BadDigest" or "RequestTimeout" or "IncompleteBody") => new(
            StateStorageFailure.Unavailable, "the data did not arrive intact, and the server refused it. Check the network, then retry; if it is always so, "
                + $"the server does not know how the AWS SDK sends data: set {nameof(O.PayloadSigning)} to {nameof(S3PayloadSigning.Whole)}") { IsPassing = true },
        (HttpStatusCode.NotImplemented, _) => Unsupported(answer, call),
        (HttpStatusCode.LengthRequired, _) => Dialect("the server wants the length of the data before the data", Signing()),
        (HttpStatusCode.BadRequest, _) when Speaks(answer, [.. SigningWords, .. ChecksumWords]) => Unsupported(answer, call),
        ( >= HttpStatusCode.InternalServerError, _) => new(
            StateStorageFailure.Unavailable, "the server failed, even after retries. Check its log, then retry", MayHaveActed: true) { IsPassing = true },
        ( < HttpStatusCode.BadRequest, _) => S3Failures.Broken(answer),
        _ => new(StateStorageFailure.Other, "the server refused the request"),
    };

    private static ObjectFailure Denied(ObjectCall call, O options)
    {
        var policy = call.Verb == "write" && options.Encryption == S3EncryptionMode.BucketDefault
            ? $"; if a policy of the bucket demands headers, set {nameof(O.Encryption)}, {nameof(O.KmsKeyId)} or {nameof(O.StorageClass)}"
            : string.Empty;
        var owner = options.ExpectedBucketOwner is null ? string.Empty : $"; {nameof(O.ExpectedBucketOwner)} must be the account that owns the bucket";
        return new ObjectFailure(
            StateStorageFailure.AccessDenied,
            "access is denied. Check access key, secret key and region, and grant s3:GetObject, s3:PutObject, s3:DeleteObject, s3:AbortMultipartUpload and "
            + $"s3:ListMultipartUploadParts on the objects, and s3:ListBucket and s3:ListBucketMultipartUploads on the bucket '{options.BucketName}'{policy}{owner}");
    }

    // What a server lacks, only its own words can say. Only writes have a condition.
    private static ObjectFailure Unsupported(AmazonS3Exception answer, ObjectCall call) =>
        Speaks(answer, ConditionWords)
            ? new(StateStorageFailure.Unsupported, "the server does not support If-None-Match, without which two writers of one key could both succeed: use another server")
        : Speaks(answer, ChecksumWords) ? Dialect("the server does not know the checksums that the AWS SDK sends", $"{Checksums()}, and if that is not enough {Signing()}")
        : Speaks(answer, SigningWords) ? Dialect("the server does not know the way in which the AWS SDK signs data", Signing())
        : call.Verb == "write" ? Dialect(
            "the server does not support the request",
            $"{Signing()} and {Checksums()}; if it does not know If-None-Match on PUT or on completing a multipart upload, use another server")
        : new(StateStorageFailure.Unsupported, "the server does not support the request: use another server");

    private static ObjectFailure Dialect(string what, string advice) => new(StateStorageFailure.Unsupported, $"{what}. Set {advice}");

    private static string Signing() => $"{nameof(O.PayloadSigning)} to {nameof(S3PayloadSigning.Whole)} (or, with HTTPS, {nameof(S3PayloadSigning.Unsigned)})";

    private static string Checksums() => $"{nameof(O.Checksums)} to {nameof(S3Checksums.WhenRequired)}";

    private static bool Speaks(AmazonS3Exception answer, string[] words) =>
        words.Any(word => answer.Message.Contains(word, StringComparison.OrdinalIgnoreCase) || answer.ResponseBody?.Contains(word, StringComparison.OrdinalIgnoreCase) == true);
}
