using Azure.Core;
using Azure.Storage.Blobs;
using Flink.Kubernetes.HA.AzureBlob;
using Flink.Kubernetes.HA.Storage;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds state storage on Azure Blob Storage to a host.</summary>
public static class AzureBlobStateStorageServiceCollectionExtensions
{
    /// <summary>Adds an <see cref="AzureBlobStateStorage"/> as the <see cref="IStateStorage"/>, with options set in code.</summary>
    /// <remarks>A <see cref="BlobContainerClient"/> in the container of services is used if there is one; otherwise a <see cref="TokenCredential"/>
    /// if there is one.</remarks>
    /// <exception cref="InvalidOperationException">There is already an <see cref="IStateStorage"/>.</exception>
    /// <exception cref="OptionsValidationException">Thrown by the host at start if the options are not valid.</exception>
    public static IServiceCollection AddAzureBlobStateStorage(this IServiceCollection services, Action<AzureBlobStateStorageOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        AddServices(services).Configure(configure);
        return services;
    }

    /// <summary>Adds an <see cref="AzureBlobStateStorage"/> as the <see cref="IStateStorage"/>, with options from configuration.</summary>
    /// <remarks>A <see cref="BlobContainerClient"/> in the container of services is used if there is one; otherwise a <see cref="TokenCredential"/>
    /// if there is one.</remarks>
    /// <exception cref="InvalidOperationException">There is already an <see cref="IStateStorage"/>.</exception>
    /// <exception cref="OptionsValidationException">Thrown by the host at start if the options are not valid.</exception>
    public static IServiceCollection AddAzureBlobStateStorage(this IServiceCollection services, IConfiguration section)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(section);
        AddServices(services).Bind(section);
        return services;
    }

    private static OptionsBuilder<AzureBlobStateStorageOptions> AddServices(IServiceCollection services)
    {
        if (services.Any(service => service.ServiceType == typeof(IStateStorage) && !service.IsKeyedService))
        {
            throw new InvalidOperationException("There is already an IStateStorage, and all pointers refer to one storage: add only one.");
        }

        services.AddSingleton<IStateStorage>(provider => new AzureBlobStateStorage(
            provider.GetRequiredService<IOptions<AzureBlobStateStorageOptions>>().Value,
            provider.GetService<BlobContainerClient>(),
            provider.GetService<TokenCredential>(),
            provider.GetService<TimeProvider>()));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<AzureBlobStateStorageOptions>, AzureBlobStateStorageOptionsValidator>());
        return services.AddOptions<AzureBlobStateStorageOptions>().ValidateOnStart();
    }
}
