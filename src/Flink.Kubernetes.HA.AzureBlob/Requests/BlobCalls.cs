using System.Xml;
using Azure;
using Azure.Storage.Blobs;
using Flink.Kubernetes.HA.Storage;
using Flink.Kubernetes.HA.Storage.Objects;

namespace Flink.Kubernetes.HA.AzureBlob.Requests;

/// <summary>Sends requests of the Azure SDK.</summary>
internal sealed class BlobCalls(AzureBlobStateStorageOptions options, BlobContainerClient container, TimeProvider timeProvider)
    : ObjectCalls(options.KeyPrefix, options.RequestTimeout, timeProvider)
{
    // Without the query, which may be a shared access signature.
    private readonly string _address = container.Uri.GetLeftPart(UriPartial.Path).TrimEnd('/');

    public override string LocationOf(StateKey? key) => $"{_address}/{(key is null ? options.KeyPrefix : ObjectName(key))}";

    // The SDK throws an AggregateException after retries. Exceptions of a credential (AuthenticationFailedException) are of Azure.Identity, which is not
    // referenced here.
    public override bool IsOfServer(Exception exception) =>
        exception is RequestFailedException or HttpRequestException or IOException or TimeoutException or AggregateException or XmlException || BlobFailures.IsOfCredential(exception);

    public override ObjectFailure Explain(Exception exception, ObjectCall call) => BlobFailures.Explain(exception, container.Name, options);
}
