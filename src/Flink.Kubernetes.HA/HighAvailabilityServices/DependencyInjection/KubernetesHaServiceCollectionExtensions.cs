using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using Flink.Kubernetes.HA;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.Storage;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds high availability on Kubernetes to a host.</summary>
public static class KubernetesHaServiceCollectionExtensions
{
    /// <summary>Adds <see cref="IHighAvailabilityServices"/> with options set in code.</summary>
    /// <remarks>
    /// <para>May be called again, also with configuration: the options add up in the order of the calls, the services stay one.</para>
    /// <para>An <see cref="IKubeClient"/>, <see cref="IStateStorage"/>, <see cref="TimeProvider"/>, <see cref="ILoggerFactory"/> or <see cref="IMeterFactory"/> of the container is used if there is one.</para>
    /// </remarks>
    /// <exception cref="OptionsValidationException">Thrown by the host at start when the options break a rule.</exception>
    public static IServiceCollection AddKubernetesHa(this IServiceCollection services, Action<KubernetesHaOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        AddServices(services).Configure(configure);
        return services;
    }

    /// <summary>Adds <see cref="IHighAvailabilityServices"/> with options from configuration, such as <c>Configuration.GetSection("KubernetesHa")</c>.</summary>
    /// <remarks>
    /// <para>May be called again, also with a delegate: the options add up in the order of the calls, the services stay one.</para>
    /// <para>Configuration is read once, when the services are created.</para>
    /// </remarks>
    /// <exception cref="OptionsValidationException">Thrown by the host at start when the options break a rule.</exception>
    public static IServiceCollection AddKubernetesHa(this IServiceCollection services, IConfiguration section)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(section);
        AddServices(services).Bind(section);
        return services;
    }

    /// <summary>Adds work that runs only while this process leads a component; the host contends for it from start to stop.</summary>
    /// <remarks>
    /// <para>Each term has a scope of its own, from which the <typeparamref name="T"/> is taken; register it yourself for another lifetime than scoped.</para>
    /// <para>When the host stops, the work is told to end, its end is awaited, and then the lock is released. Give it enough of <c>HostOptions.ShutdownTimeout</c>.</para>
    /// </remarks>
    /// <exception cref="InvalidOperationException">The component has a leader service of another type already.</exception>
    public static IServiceCollection AddLeaderService<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] T>(
        this IServiceCollection services, LeaderComponent component)
        where T : class, ILeaderService
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(component);
        var registration = new LeaderServiceRegistration(component, typeof(T));
        var earlier = services.Select(descriptor => descriptor.IsKeyedService ? null : descriptor.ImplementationInstance as LeaderServiceRegistration)
            .FirstOrDefault(other => other?.Component == component);
        if (earlier is not null)
        {
            return earlier == registration
                ? services
                : throw new InvalidOperationException(
                    $"Component '{component}' has the leader service {earlier.Service.Name} already, and a process contends for a component once: "
                    + $"call {typeof(T).Name} from there, or give it a component of its own with LeaderComponent.Custom(name).");
        }

        services.AddSingleton(registration);
        services.TryAddScoped<T>();
        services.AddSingleton<IHostedService>(provider => new LeaderHostedService<T>(
            component,
            provider.GetRequiredService<IOptions<KubernetesHaOptions>>().Value.LeaderElection,
            provider.GetService<IHighAvailabilityServices>()
                ?? throw new InvalidOperationException($"AddLeaderService<{typeof(T).Name}> needs the services of AddKubernetesHa: call services.AddKubernetesHa(...) too."),
            provider.GetRequiredService<IServiceScopeFactory>(),
            provider.GetService<TimeProvider>() ?? TimeProvider.System,
            (provider.GetService<ILoggerFactory>() ?? NullLoggerFactory.Instance).CreateLogger<T>()));
        return services;
    }

    private static OptionsBuilder<KubernetesHaOptions> AddServices(IServiceCollection services)
    {
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<KubernetesHaOptions>, KubernetesHaOptionsValidator>());
        services.TryAddSingleton<IHighAvailabilityServices>(provider => new KubernetesHaServices(
            provider.GetRequiredService<IOptions<KubernetesHaOptions>>().Value,
            provider.GetService<IKubeClient>(),
            provider.GetService<TimeProvider>(),
            provider.GetService<ILoggerFactory>(),
            provider.GetService<IMeterFactory>(),
            provider.GetService<IStateStorage>()));
        return services.AddOptions<KubernetesHaOptions>().ValidateOnStart();
    }
}
