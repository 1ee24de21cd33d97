using System.Net;
using Amazon.Runtime;
using Flink.Kubernetes.HA.Storage;
using Flink.Kubernetes.HA.Storage.Objects;

namespace Flink.Kubernetes.HA.S3.Requests;

/// <summary>Sends requests of the AWS SDK.</summary>
internal sealed class S3Calls(S3StateStorageOptions options, TimeProvider timeProvider) : ObjectCalls(options.KeyPrefix, options.RequestTimeout, timeProvider)
{
    public static DateTimeOffset Time(DateTime? time) => time is null ? DateTimeOffset.UnixEpoch : new DateTimeOffset(time.Value.ToUniversalTime());

    public override string LocationOf(StateKey? key) => $"s3://{options.BucketName}/{(key is null ? options.KeyPrefix : ObjectName(key))}";

    // InvalidOperationException is what the SDK throws when the file with a service account's token can't be read.
    public override bool IsOfServer(Exception exception) =>
        exception is AmazonClientException or AmazonServiceException or HttpRequestException or IOException or WebException or TimeoutException
            or (InvalidOperationException and not ObjectDisposedException);

    public override ObjectFailure Explain(Exception exception, ObjectCall call) => S3Failures.Explain(exception, call, options);
}
