using System.Net;
using Amazon.Runtime;
using Amazon.S3;
using Flink.Kubernetes.HA.Storage;
using Flink.Kubernetes.HA.Storage.Objects;

namespace Flink.Kubernetes.HA.S3.Requests;

/// <summary>Explains the errors of S3 and of the connection to it, and what to do about them.</summary>
internal static class S3Failures
{
    public static ObjectFailure Explain(Exception exception, ObjectCall call, S3StateStorageOptions options) => exception switch
    {
        OperationCanceledException or TimeoutException => new(
            StateStorageFailure.Timeout,
            $"no response within {options.RequestTimeout.TotalSeconds:0.#} s. Check the server and the network; on a slow connection, increase "
            + $"{nameof(S3StateStorageOptions.RequestTimeout)} or decrease {nameof(S3StateStorageOptions.PartSize)}",
            MayHaveActed: true) { IsPassing = true },
        AmazonS3Exception { StatusCode: not 0 } answer => S3Answers.Explain(answer, call, options) with { Words = WordsOf(answer) },

        // Not S3 has answered, but the service that issues credentials; no request was sent to S3.
        AmazonServiceException { StatusCode: not 0 } or AmazonClientException { InnerException: AmazonServiceException { StatusCode: not 0 } and not AmazonS3Exception } =>
            CredentialsRefused(exception),
        AmazonClientException when exception.Message.Contains("hash", StringComparison.OrdinalIgnoreCase) => new(
            StateStorageFailure.Corrupt, "the checksum that the server has stored does not match what it sent. Read it again; if that fails too, restore "
                + "the data from a copy"),
        AmazonServiceException or HttpRequestException or IOException or WebException => Broken(exception),
        _ when FindInner<HttpRequestException>(exception) is not null => NoCredentials(StateStorageFailure.Unavailable, exception) with { IsPassing = true },
        _ => NoCredentials(StateStorageFailure.AccessDenied, exception),
    };

    /// <summary>The failure of a connection, or of what came over it.</summary>
    public static ObjectFailure Broken(Exception exception) => new(
        StateStorageFailure.Unavailable,
        $"the server could not be reached, or the connection was broken ({Text(exception)}). Check the server, its address and the network, then "
        + "retry",
        MayHaveActed: true) { IsPassing = true };

    private static ObjectFailure CredentialsRefused(Exception exception)
    {
        var answer = exception as AmazonServiceException ?? (AmazonServiceException)exception.InnerException!;
        var isPassing = answer.StatusCode >= HttpStatusCode.InternalServerError || answer.ErrorCode is "Throttling" or "ThrottlingException";
        var failure = NoCredentials(isPassing ? StateStorageFailure.Unavailable : StateStorageFailure.AccessDenied, exception);
        return failure with { Words = WordsOf(answer), IsPassing = isPassing };
    }

    // Without credentials no request is sent to S3. The SDK's message says where it looked for them.
    private static ObjectFailure NoCredentials(StateStorageFailure failure, Exception exception) => new(
        failure,
        $"no credentials could be obtained, so nothing was sent to S3 ({Chain(exception)}). Check what the AWS SDK uses in this process: AWS_ACCESS_KEY_ID, "
        + "a profile, the role of the service account (AWS_ROLE_ARN, AWS_WEB_IDENTITY_TOKEN_FILE and its trust policy), Pod Identity or the instance");

    private static string WordsOf(AmazonServiceException answer) =>
        ObjectFailure.WordsOf((int)answer.StatusCode, answer.ErrorCode, answer.Message, answer.RequestId);

    private static string Chain(Exception exception) =>
        exception.InnerException is null || Text(exception) == exception.Message.TrimEnd('.', ' ') ? Text(exception) : $"{exception.Message.TrimEnd('.', ' ')}: {Text(exception)}";

    private static T? FindInner<T>(Exception? exception)
        where T : Exception => exception is null ? null : exception as T ?? FindInner<T>(exception.InnerException);

    // The innermost message says what happened; the SDK's own often says only that something failed.
    private static string Text(Exception exception) => exception.GetBaseException().Message.TrimEnd('.', ' ');
}
