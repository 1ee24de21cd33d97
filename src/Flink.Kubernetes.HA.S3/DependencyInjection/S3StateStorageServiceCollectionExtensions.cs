using Amazon.S3;
using Flink.Kubernetes.HA.S3;
using Flink.Kubernetes.HA.Storage;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds state storage on S3 to a host.</summary>
public static class S3StateStorageServiceCollectionExtensions
{
    /// <summary>Adds a <see cref="S3StateStorage"/> as the <see cref="IStateStorage"/>, with options set in code.</summary>
    /// <remarks>An <see cref="IAmazonS3"/> in the container is used if there is one; it is configured by itself, and not by these options.</remarks>
    /// <exception cref="InvalidOperationException">There is already an <see cref="IStateStorage"/>.</exception>
    /// <exception cref="OptionsValidationException">Thrown by the host at start if the options are not valid.</exception>
    public static IServiceCollection AddS3StateStorage(this IServiceCollection services, Action<S3StateStorageOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        AddServices(services).Configure(configure);
        return services;
    }

    /// <summary>Adds a <see cref="S3StateStorage"/> as the <see cref="IStateStorage"/>, with options from configuration.</summary>
    /// <remarks>An <see cref="IAmazonS3"/> in the container is used if there is one; it is configured by itself, and not by these options.</remarks>
    /// <exception cref="InvalidOperationException">There is already an <see cref="IStateStorage"/>.</exception>
    /// <exception cref="OptionsValidationException">Thrown by the host at start if the options are not valid.</exception>
    public static IServiceCollection AddS3StateStorage(this IServiceCollection services, IConfiguration section)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(section);
        AddServices(services).Bind(section);
        return services;
    }

    private static OptionsBuilder<S3StateStorageOptions> AddServices(IServiceCollection services)
    {
        if (services.Any(service => service.ServiceType == typeof(IStateStorage) && !service.IsKeyedService))
        {
            throw new InvalidOperationException("There is already an IStateStorage, and all pointers refer to one storage: add only one.");
        }

        services.AddSingleton<IStateStorage>(provider => new S3StateStorage(
            provider.GetRequiredService<IOptions<S3StateStorageOptions>>().Value,
            provider.GetService<IAmazonS3>(),
            provider.GetService<TimeProvider>(),
            provider.GetService<ILoggerFactory>()));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<S3StateStorageOptions>, S3StateStorageOptionsValidator>());
        return services.AddOptions<S3StateStorageOptions>().ValidateOnStart();
    }
}
