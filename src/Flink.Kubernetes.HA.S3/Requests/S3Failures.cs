using System.Net;
using Amazon.Runtime;
using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.S3.Requests;

/// <summary>What the errors of S3 and of the way to it mean, and what to do about them.</summary>
internal static class S3Failures
{
    public static S3Failure Taken { get; } = new(StateStorageFailure.AlreadyExists, "there is data under this key already, and data is never replaced. Take a new key for every write");

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
            $"no answer within {options.RequestTimeout.TotalSeconds:0.#} s. Check the server and the network; on a slow line raise {nameof(S3StateStorageOptions.RequestTimeout)} or lower {nameof(S3StateStorageOptions.PartSize)}",
            MayHaveActed: true) { IsPassing = true },
        AmazonServiceException { StatusCode: not 0 } answer => ExplainAnswer(answer, options),
        AmazonClientException when exception.Message.Contains("hash", StringComparison.OrdinalIgnoreCase) => new(
            StateStorageFailure.Corrupt, "the checksum that the server keeps does not match what it sent. Restore the data from a copy"),
        AmazonServiceException or HttpRequestException or IOException or WebException => Broken(exception),

        // No request without credentials: the SDK's text says where it looked.
        _ => new(StateStorageFailure.AccessDenied, $"the AWS SDK could not send the request: {Text(exception)}. Check the credentials that this process has"),
    };

    private static S3Failure ExplainAnswer(AmazonServiceException answer, S3StateStorageOptions options) => (answer.StatusCode, answer.ErrorCode) switch
    {
        (HttpStatusCode.NotFound, "NoSuchBucket") => new(StateStorageFailure.StorageMissing, $"the bucket '{options.BucketName}' does not exist. Create it, or correct {nameof(S3StateStorageOptions.BucketName)}"),
        (HttpStatusCode.NotFound, "NoSuchUpload") => new(
            StateStorageFailure.Unavailable, "the upload was removed as unfinished while it was under way. Write again, and let unfinished writes grow older before they are removed") { IsUploadGone = true },
        (HttpStatusCode.NotFound, _) => new(StateStorageFailure.NotFound, "there is no data under this key. It was deleted, or bucket, prefix or server are not those it was written to"),
        (HttpStatusCode.PreconditionFailed, _) => Taken,
        (HttpStatusCode.Conflict, _) => new(StateStorageFailure.Unavailable, $"the server met another request for the same key ({Code(answer)}). Write again under another key") { IsPassing = true },
        (_, "PermanentRedirect" or "AuthorizationHeaderMalformed") or (HttpStatusCode.MovedPermanently, _) => new(
            StateStorageFailure.StorageMissing, $"the bucket '{options.BucketName}' is in another region ({Text(answer)}). Set {nameof(S3StateStorageOptions.Region)}"),
        (_, "RequestTimeTooSkewed") => new(StateStorageFailure.AccessDenied, "the clock of this machine is wrong by minutes. Set it right"),
        (_, "ExpiredToken" or "InvalidToken" or "TokenRefreshRequired") => new(StateStorageFailure.AccessDenied, $"the credentials have expired ({Code(answer)}). Renew them"),
        (_, "InvalidAccessKeyId" or "SignatureDoesNotMatch") => new(StateStorageFailure.AccessDenied, $"the credentials are wrong ({Code(answer)}). Check access key, secret key and region"),
        (HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized, _) => new(
            StateStorageFailure.AccessDenied,
            $"access is denied ({Code(answer)}). Grant s3:GetObject, s3:PutObject, s3:DeleteObject, s3:AbortMultipartUpload and s3:ListMultipartUploadParts on the objects, and s3:ListBucket and s3:ListBucketMultipartUploads on the bucket '{options.BucketName}'"),
        (_, "QuotaExceeded" or "XMinioStorageFull" or "XMinioAdminBucketQuotaExceeded") or (HttpStatusCode.InsufficientStorage, _) => new(
            StateStorageFailure.OutOfSpace, $"the storage or a quota is full ({Code(answer)}). Free space or raise the quota"),
        (_, "EntityTooLarge") or (HttpStatusCode.RequestEntityTooLarge, _) => new(StateStorageFailure.TooLarge, "the data is larger than the server takes. Split it"),
        (_, "SlowDown" or "Throttling" or "ThrottlingException" or "RequestLimitExceeded" or "TooManyRequests") or (HttpStatusCode.TooManyRequests, _) => new(
            StateStorageFailure.Throttled, $"the server asks to slow down ({Code(answer)}), also after retries. Write less often, or spread the keys over several prefixes") { IsPassing = true },
        (_, "XAmzContentSHA256Mismatch" or "BadDigest" or "RequestTimeout" or "IncompleteBody") => new(
            StateStorageFailure.Unavailable, $"the data did not arrive whole ({Code(answer)}), and the server refused it. Look at the network, then try again") { IsPassing = true },
        (HttpStatusCode.NotImplemented, _) => new(
            StateStorageFailure.Unsupported, $"the server does not know the request ({Code(answer)}). It needs If-None-Match on PUT and multipart uploads: use another server"),
        ( >= HttpStatusCode.InternalServerError, _) => new(
            StateStorageFailure.Unavailable, $"the server failed ({(int)answer.StatusCode} {Code(answer)}), also after retries. Look at its log, then try again", MayHaveActed: true) { IsPassing = true },
        ( < HttpStatusCode.BadRequest, _) => Broken(answer),
        _ => new(StateStorageFailure.Other, $"the server refused the request ({(int)answer.StatusCode} {Code(answer)}): {Text(answer)}"),
    };

    private static S3Failure Broken(Exception exception) => new(
        StateStorageFailure.Unavailable,
        $"the server could not be reached, or the connection broke ({Text(exception)}). Check the server, its address and the network, then try again",
        MayHaveActed: true) { IsPassing = true };

    private static string Code(AmazonServiceException answer) => string.IsNullOrEmpty(answer.ErrorCode) ? $"{(int)answer.StatusCode}" : answer.ErrorCode;

    // The innermost text says what happened; the SDK's own often only that something did.
    private static string Text(Exception exception) => exception.GetBaseException().Message.TrimEnd('.', ' ');
}
