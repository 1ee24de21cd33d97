using Azure.Storage.Blobs;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Flink.Kubernetes.HA.AzureBlob;

/// <summary>Validates the options when the host starts.</summary>
/// <param name="services">Tells whether the container of services has a client; <see langword="null"/> with one that cannot.</param>
internal sealed class AzureBlobStateStorageOptionsValidator(IServiceProviderIsService? services = null) : IValidateOptions<AzureBlobStateStorageOptions>
{
    public ValidateOptionsResult Validate(string? name, AzureBlobStateStorageOptions options) =>
        options.Problem(services?.IsService(typeof(BlobContainerClient)) == true) is { } problem ? ValidateOptionsResult.Fail(problem) : ValidateOptionsResult.Success;
}
