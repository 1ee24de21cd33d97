using Azure.Core;
using Azure.Storage.Blobs;

namespace Flink.Kubernetes.HA.AzureBlob.Requests;

/// <summary>The clients of the Azure SDK: one that retries, and one that sends a request once.</summary>
/// <param name="Retrying">For reads, lists, blocks and deletes.</param>
/// <param name="Once">For conditional writes: they are retried here, because after hidden retries it is not known whether an earlier one
/// took effect.</param>
internal sealed record BlobClients(BlobContainerClient Retrying, BlobContainerClient Once)
{
    public static BlobClients Create(AzureBlobStateStorageOptions options, TokenCredential? credential)
    {
        try
        {
            return new BlobClients(Client(options, credential, options.MaxRetries), Client(options, credential, retries: 0));
        }
        catch (Exception exception) when (exception is FormatException or ArgumentException)
        {
            // The SDK's message may hold a part of the connection string, which holds a key.
            throw new ArgumentException(
                $"No client for Azure Blob Storage could be created: {nameof(AzureBlobStateStorageOptions)}."
                + $"{nameof(AzureBlobStateStorageOptions.ConnectionString)} or {nameof(AzureBlobStateStorageOptions.ServiceUri)} is not valid, or a credential "
                + "is used without HTTPS.",
                nameof(options));
        }
    }

    private static BlobContainerClient Client(AzureBlobStateStorageOptions options, TokenCredential? credential, int retries)
    {
        var settings = new BlobClientOptions();
        settings.Retry.MaxRetries = retries;
        settings.Retry.NetworkTimeout = options.RequestTimeout;
        if (options.ConnectionString is not null)
        {
            return new BlobContainerClient(options.ConnectionString, options.ContainerName, settings);
        }

        var service = new UriBuilder(options.ServiceUri!);
        service.Path = service.Path.TrimEnd('/') + "/" + options.ContainerName;
        return credential is null ? new BlobContainerClient(service.Uri, settings) : new BlobContainerClient(service.Uri, credential, settings);
    }
}
