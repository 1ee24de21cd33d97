using System.Net;
using Amazon.Runtime;
using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.S3.Requests;

/// <summary>Explains the errors of S3 and of the connection to it, and what to do about them.</summary>
internal static class S3Failures
{
    public static S3Failure Taken { get; } = new(StateStorageFailure.AlreadyExists, "there already is data with this key, and data is never "
        + "replaced. Use a new key for every write");

    public static bool IsOfServer(Exception exception, CancellationToken cancellationToken) => exception switch
    {
        OperationCanceledException => !cancellationToken.IsCancellationRequested,
        AmazonClientException or AmazonServiceException or HttpRequestException or IOException or WebException or TimeoutException => true,
        _ => false,
    };

    public static S3Failure Explain(Exception exception, S3StateStorageOptions options) => exception switch
    {
        OperationCanceledException or TimeoutException => new(
            StateStorageFailure.Timeout,
            $"no response within {options.RequestTimeout.TotalSeconds:0.#} s. Check the server and the network; on a slow connection, increase "
            + $"{nameof(S3StateStorageOptions.RequestTimeout)} or decrease {nameof(S3StateStorageOptions.PartSize)}",
            MayHaveActed: true) { IsPassing = true },
        AmazonServiceException { StatusCode: not 0 } answer => ExplainAnswer(answer, options),
        AmazonClientException when exception.Message.Contains("hash", StringComparison.OrdinalIgnoreCase) => new(
            StateStorageFailure.Corrupt, "the checksum that the server has stored does not match what it sent. Restore the data from a copy"),
        AmazonServiceException or HttpRequestException or IOException or WebException => Broken(exception),

        // Without credentials no request is sent; the SDK's message says where it looked for them.
        _ =>
            new(StateStorageFailure.AccessDenied, $"the AWS SDK could not send the request: {Text(exception)}. Check the credentials that this "
                + "process has"),
    };

    private static S3Failure ExplainAnswer(AmazonServiceException answer, S3StateStorageOptions options) =>
        (answer.StatusCode, answer.ErrorCode) switch
    {
        (HttpStatusCode.NotFound, "NoSuchBucket") =>
            new(StateStorageFailure.StorageMissing, $"the bucket '{options.BucketName}' does not exist. Create it, or correct "
                + $"{nameof(S3StateStorageOptions.BucketName)}"),
        (HttpStatusCode.NotFound, "NoSuchUpload") => new(
            StateStorageFailure.Unavailable, "the upload was removed as unfinished while it was in progress. Write again, and remove unfinished "
                + "writes only when they are older") { IsUploadGone = true },
        (HttpStatusCode.NotFound, _) =>
            new(StateStorageFailure.NotFound, "there is no data with this key. It was deleted, or it was written to another bucket, prefix or "
                + "server"),
        (HttpStatusCode.PreconditionFailed, _) => Taken,
        (HttpStatusCode.Conflict, _) =>
            new(StateStorageFailure.Unavailable, $"the server met another request for the same key ({Code(answer)}). Write again under another "
                + "key") { IsPassing = true },
        (_, "PermanentRedirect" or "AuthorizationHeaderMalformed") or (HttpStatusCode.MovedPermanently, _) => new(
            StateStorageFailure.StorageMissing, $"the bucket '{options.BucketName}' is in another region ({Text(answer)}). Set "
                + $"{nameof(S3StateStorageOptions.Region)}"),
        (_, "RequestTimeTooSkewed") => new(StateStorageFailure.AccessDenied, "the clock of this machine is wrong by minutes. Correct it"),
        (_, "ExpiredToken" or "InvalidToken" or "TokenRefreshRequired") =>
            new(StateStorageFailure.AccessDenied, $"the credentials have expired ({Code(answer)}). Renew them"),
        (_, "InvalidAccessKeyId" or "SignatureDoesNotMatch") =>
            new(StateStorageFailure.AccessDenied, $"the credentials are wrong ({Code(answer)}). Check access key, secret key and region"),
        (HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized, _) => new(
            StateStorageFailure.AccessDenied,
            $"access is denied ({Code(answer)}). Check access key, secret key and region, and grant s3:GetObject, s3:PutObject, s3:DeleteObject, "
            + "s3:AbortMultipartUpload and s3:ListMultipartUploadParts on the objects, and s3:ListBucket and s3:ListBucketMultipartUploads on "
            + $"the bucket '{options.BucketName}'"),
        (_, "QuotaExceeded" or "XMinioStorageFull" or "XMinioAdminBucketQuotaExceeded") or (HttpStatusCode.InsufficientStorage, _) => new(
            StateStorageFailure.OutOfSpace, $"the storage or a quota is full ({Code(answer)}). Free space or raise the quota"),
        (_, "EntityTooLarge") or (HttpStatusCode.RequestEntityTooLarge, _) =>
            new(StateStorageFailure.TooLarge, "the data is larger than the server accepts. Split it"),
        (_, "SlowDown" or "Throttling" or "ThrottlingException" or "RequestLimitExceeded" or "TooManyRequests") or (HttpStatusCode.TooManyRequests, _) => new(
            StateStorageFailure.Throttled, $"the server throttled the request ({Code(answer)}), even after retries. Write less often, or spread "
                + "the keys over several prefixes") { IsPassing = true },
        (_, "XAmzContentSHA256Mismatch" or "BadDigest" or "RequestTimeout" or "IncompleteBody") => new(
            StateStorageFailure.Unavailable, $"the data did not arrive intact ({Code(answer)}), and the server refused it. Check the network, "
                + "then retry") { IsPassing = true },
        (HttpStatusCode.NotImplemented, _) => new(
            StateStorageFailure.Unsupported, $"the server does not support the request ({Code(answer)}). It must support If-None-Match on PUT "
                + "and multipart uploads: use another server"),
        ( >= HttpStatusCode.InternalServerError, _) => new(
            StateStorageFailure.Unavailable, $"the server failed ({(int)answer.StatusCode} {Code(answer)}), even after retries. Check its log, "
                + "then retry", MayHaveActed: true) { IsPassing = true },
        ( < HttpStatusCode.BadRequest, _) => Broken(answer),
        _ => new(StateStorageFailure.Other, $"the server refused the request ({(int)answer.StatusCode} {Code(answer)}): {Text(answer)}"),
    };

    private static S3Failure Broken(Exception exception) => new(
        StateStorageFailure.Unavailable,
        $"the server could not be reached, or the connection was broken ({Text(exception)}). Check the server, its address and the network, then "
        + "retry",
        MayHaveActed: true) { IsPassing = true };

    private static string Code(AmazonServiceException answer) =>
        string.IsNullOrEmpty(answer.ErrorCode) ? $"{(int)answer.StatusCode}" : answer.ErrorCode;

    // The innermost message says what happened; the SDK's own often says only that something failed.
    private static string Text(Exception exception) => exception.GetBaseException().Message.TrimEnd('.', ' ');
}
