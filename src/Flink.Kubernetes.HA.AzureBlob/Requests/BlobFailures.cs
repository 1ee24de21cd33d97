using Azure;
using Flink.Kubernetes.HA.Storage;
using Flink.Kubernetes.HA.Storage.Objects;
using O = Flink.Kubernetes.HA.AzureBlob.AzureBlobStateStorageOptions;

namespace Flink.Kubernetes.HA.AzureBlob.Requests;

/// <summary>Explains the errors of Azure Blob Storage and of the connection to it, and what to do about them.</summary>
internal static class BlobFailures
{
    public static bool IsOfCredential(Exception exception) => exception.GetType().FullName is "Azure.Identity.AuthenticationFailedException"
        or "Azure.Identity.CredentialUnavailableException" or "Azure.Identity.AuthenticationRequiredException";

    public static ObjectFailure Explain(Exception exception, string container, O options) => exception switch
    {
        AggregateException { InnerExceptions: [.., var last] } => Explain(last, container, options),
        OperationCanceledException or TimeoutException => new(
            StateStorageFailure.Timeout,
            $"no response within {options.RequestTimeout.TotalSeconds:0.#} s. Check the server and the network; on a slow connection, increase "
            + $"{nameof(O.RequestTimeout)} or decrease {nameof(O.BlockSize)}",
            MayHaveActed: true) { IsPassing = true },
        RequestFailedException { Status: not 0 } answer => ExplainAnswer(answer, container) with { Words = WordsOf(answer) },
        _ when IsOfCredential(exception) => new(
            StateStorageFailure.AccessDenied, $"no credentials could be obtained, so nothing was sent to Azure Blob Storage ({Text(exception)}). Check the "
                + "credential that this process uses"),
        _ => new(
            StateStorageFailure.Unavailable,
            $"the server could not be reached, or the connection was broken ({Text(exception)}). Check the server, its address and the network, then "
            + "retry",
            MayHaveActed: true) { IsPassing = true },
    };

    private static ObjectFailure ExplainAnswer(RequestFailedException answer, string container) => (answer.Status, answer.ErrorCode) switch
    {
        (404, "ContainerNotFound") or (_, "ContainerBeingDeleted" or "ContainerDisabled") =>
            new(StateStorageFailure.StorageMissing, $"the container '{container}' does not exist. Create it, or correct {nameof(O.ContainerName)}"),
        (_, "AccountBeingCreated" or "InvalidResourceName") =>
            new(StateStorageFailure.StorageMissing, $"there is no such account or container. Correct {nameof(O.ContainerName)} and the address"),
        (404, _) => new(StateStorageFailure.NotFound, "there is no data with this key. It was deleted, or it was written to another container, prefix or account"),
        (409, "BlobAlreadyExists") or (412, _) => ObjectFailure.Taken,

        // Another writer of the key has committed its blocks, which discards those of this one.
        (400, "InvalidBlockList") => new(
            StateStorageFailure.Unavailable, "the blocks of the upload are gone: another write of this key has ended, or they were older than a week. Write "
                + "again under another key") { IsUploadGone = true },
        (_, "BlobArchived" or "BlobBeingRehydrated") => new(
            StateStorageFailure.AccessDenied, "the blob was moved to the archive and cannot be read at once. Rehydrate it, and use tiers and lifecycle rules "
                + "that keep data readable"),
        (409, "BlobImmutableDueToPolicy" or "LeaseIdMissing" or "SnapshotsPresent") => new(
            StateStorageFailure.AccessDenied, "an immutability policy or a lease protects the blob. Remove it, or use a container without"),
        (401 or 403, "AuthenticationFailed" or "InvalidAuthenticationInfo") => new(
            StateStorageFailure.AccessDenied, "the credentials are wrong or have expired. Check the account key, the shared access signature with its expiry, or "
                + "the token, and the clock of this machine"),
        (401 or 403, _) => new(
            StateStorageFailure.AccessDenied, "access is denied. Check the account key, the shared access signature or the token, and grant the role 'Storage Blob Data Contributor' on the container, or a shared access signature "
                + "with read, add, create, write, delete and list (racwdl), and check the firewall of the account"),
        (413, _) => new(StateStorageFailure.TooLarge, $"the data is larger than the server accepts. Decrease {nameof(O.BlockSize)}, or split the data"),
        (507, _) or (_, "AccountQuotaExceeded" or "InsufficientAccountStorage") => new(StateStorageFailure.OutOfSpace, "the account or its quota is full. Free space or raise the quota"),
        (429, _) or (503, "ServerBusy") => new(
            StateStorageFailure.Throttled, "the server throttled the request, even after retries. Write less often, or use another account") { IsPassing = true },
        (400, "Md5Mismatch" or "Crc64Mismatch") => new(
            StateStorageFailure.Unavailable, "the data did not arrive intact, and the server refused it. Check the network, then retry") { IsPassing = true },
        (501, _) => new(StateStorageFailure.Unsupported, "the server does not support the request. It must support If-None-Match and block blobs: use another account"),
        (409, _) => new(StateStorageFailure.Unavailable, "the server met another request for the same key. Write again under another key") { IsPassing = true },
        ( >= 500, _) => new(
            StateStorageFailure.Unavailable, "the server failed, even after retries. Check the state of the service, then retry", MayHaveActed: true) { IsPassing = true },
        _ => new(StateStorageFailure.Other, "the server refused the request"),
    };

    // The message of the SDK has the server's sentence in its first line, and headers below.
    private static string WordsOf(RequestFailedException answer)
    {
        string? id = null;
        answer.GetRawResponse()?.Headers.TryGetValue("x-ms-request-id", out id);
        return ObjectFailure.WordsOf(answer.Status, answer.ErrorCode, answer.Message.Split('\n')[0], id);
    }

    private static string Text(Exception exception) => exception.GetBaseException().Message.TrimEnd('.', ' ');
}
