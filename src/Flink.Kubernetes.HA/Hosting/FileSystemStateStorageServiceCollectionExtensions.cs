using Flink.Kubernetes.HA.Storage;
using Flink.Kubernetes.HA.Storage.FileSystem;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds state storage in a shared directory to a host.</summary>
public static class FileSystemStateStorageServiceCollectionExtensions
{
    /// <summary>Adds a <see cref="FileSystemStateStorage"/> as the <see cref="IStateStorage"/>, with options set in code.</summary>
    /// <exception cref="InvalidOperationException">There is already an <see cref="IStateStorage"/>.</exception>
    /// <exception cref="OptionsValidationException">Thrown by the host at start when the root directory is not set or not absolute.</exception>
    public static IServiceCollection AddFileSystemStateStorage(this IServiceCollection services, Action<FileSystemStateStorageOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        AddServices(services).Configure(configure);
        return services;
    }

    /// <summary>Adds a <see cref="FileSystemStateStorage"/> as the <see cref="IStateStorage"/>, with options from configuration.</summary>
    /// <exception cref="InvalidOperationException">There is already an <see cref="IStateStorage"/>.</exception>
    /// <exception cref="OptionsValidationException">Thrown by the host at start when the root directory is not set or not absolute.</exception>
    public static IServiceCollection AddFileSystemStateStorage(this IServiceCollection services, IConfiguration section)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(section);
        AddServices(services).Bind(section);
        return services;
    }

    private static OptionsBuilder<FileSystemStateStorageOptions> AddServices(IServiceCollection services)
    {
        if (services.Any(service => service.ServiceType == typeof(IStateStorage) && !service.IsKeyedService))
        {
            throw new InvalidOperationException("There is already an IStateStorage, and all pointers refer to one storage: add only one.");
        }

        services.AddSingleton<IStateStorage>(provider => new FileSystemStateStorage(
            provider.GetRequiredService<IOptions<FileSystemStateStorageOptions>>().Value,
            provider.GetService<TimeProvider>(),
            provider.GetService<ILoggerFactory>()));
        return services.AddOptions<FileSystemStateStorageOptions>()
            .Validate(options => options.Problem() is null, "FileSystemStateStorageOptions.RootDirectory must be an absolute path, the directory on "
                + "the volume that all replicas share, and OperationTimeout more than 0 and at most an hour.")
            .ValidateOnStart();
    }
}
