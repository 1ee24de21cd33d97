using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using Flink.Kubernetes.HA.Hosting;
using Flink.Kubernetes.HA.Storage;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Flink.Kubernetes.HA;
using k8s;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds high availability on Kubernetes to a host.</summary>
public static class KubernetesHaServiceCollectionExtensions
{
    /// <summary>Adds <see cref="IHighAvailabilityServices"/> with options set in code.</summary>
    /// <remarks>
    /// <para>Can be called again, also with configuration: the options are applied in the order of the calls, and the services are added once.</para>
    /// <para>A <see cref="KubernetesClientConfiguration"/>, <see cref="IStateStorage"/>, <see cref="TimeProvider"/>, <see cref="ILoggerFactory"/> or
    /// <see cref="IMeterFactory"/> in the container is used if there is one. An <see cref="IKubernetes"/> in the container is not used, because
    /// its connections may be configured in a way that costs leadership: pass it with <paramref name="client"/>.</para>
    /// </remarks>
    /// <param name="services">The services of the host.</param>
    /// <param name="configure">Sets the options.</param>
    /// <param name="client">Returns your own client, which you or the container dispose; that of the last call counts. Default: a hardened client is
    /// created.</param>
    /// <exception cref="OptionsValidationException">Thrown by the host at start if the options are not valid.</exception>
    public static IServiceCollection AddKubernetesHa(
        this IServiceCollection services, Action<KubernetesHaOptions> configure, Func<IServiceProvider, IKubernetes>? client = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        AddServices(services, client).Configure(configure);
        return services;
    }

    /// <summary>Adds <see cref="IHighAvailabilityServices"/> with options from configuration, such as
    /// <c>Configuration.GetSection("KubernetesHa")</c>.</summary>
    /// <remarks>
    /// <para>Can be called again, also with a delegate: the options are applied in the order of the calls, and the services are added once.</para>
    /// <para>Configuration is read once, when the services are created.</para>
    /// </remarks>
    /// <param name="services">The services of the host.</param>
    /// <param name="section">The section of the configuration.</param>
    /// <param name="client">Returns your own client, which you or the container dispose; that of the last call counts. Default: a hardened client is
    /// created.</param>
    /// <exception cref="OptionsValidationException">Thrown by the host at start if the options are not valid.</exception>
    public static IServiceCollection AddKubernetesHa(
        this IServiceCollection services, IConfiguration section, Func<IServiceProvider, IKubernetes>? client = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(section);
        AddServices(services, client).Bind(section);
        return services;
    }

    /// <summary>Adds work that runs only while this process is the leader of a component; the host contends for it from start to stop.</summary>
    /// <remarks>
    /// <para>Each term has its own scope, from which the <typeparamref name="T"/> is resolved; register it yourself for another lifetime
    /// than scoped.</para>
    /// <para>When the host stops, the work is canceled and awaited, and then the lock is released. Set <c>HostOptions.ShutdownTimeout</c>
    /// accordingly.</para>
    /// </remarks>
    /// <exception cref="InvalidOperationException">The component already has a leader service of another type.</exception>
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
                    $"Component '{component}' already has the leader service {earlier.Service.Name}, and a process contends for a component once: "
                    + $"call {typeof(T).Name} from there, or give it its own component with LeaderComponent.Custom(name).");
        }

        services.AddSingleton(registration);
        services.TryAddScoped<T>();
        services.AddSingleton<IHostedService>(provider => new LeaderHostedService<T>(
            component,
            provider.GetRequiredService<IOptions<KubernetesHaOptions>>().Value.LeaderElection,
            provider.GetService<IHighAvailabilityServices>()
                ?? throw new InvalidOperationException(
                    $"AddLeaderService<{typeof(T).Name}> needs the services of AddKubernetesHa: call services.AddKubernetesHa(...) as well."),
            provider.GetRequiredService<IServiceScopeFactory>(),
            provider.GetService<TimeProvider>() ?? TimeProvider.System,
            (provider.GetService<ILoggerFactory>() ?? NullLoggerFactory.Instance).CreateLogger<T>()));
        return services;
    }

    private static OptionsBuilder<KubernetesHaOptions> AddServices(IServiceCollection services, Func<IServiceProvider, IKubernetes>? client)
    {
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<KubernetesHaOptions>, KubernetesHaOptionsValidator>());
        if (client is not null)
        {
            services.AddSingleton(new ClientRegistration(client));
        }

        services.TryAddSingleton<IHighAvailabilityServices>(provider => new KubernetesHaServices(
            provider.GetRequiredService<IOptions<KubernetesHaOptions>>().Value,
            ClientOf(provider),
            provider.GetService<TimeProvider>(),
            provider.GetService<ILoggerFactory>(),
            provider.GetService<IMeterFactory>(),
            provider.GetService<IStateStorage>(),
            provider.GetService<KubernetesClientConfiguration>()));
        return services.AddOptions<KubernetesHaOptions>().ValidateOnStart();
    }

    private static IKubernetes? ClientOf(IServiceProvider provider) => provider.GetService<ClientRegistration>() is not { } registration
        ? null
        : registration.Create(provider) ?? throw new InvalidOperationException(
            "The delegate for the client that was passed to AddKubernetesHa returned null: return a client, or leave the delegate out for a hardened one.");

    /// <summary>Marks a component in the service collection, so that it gets only one leader service.</summary>
    private sealed record LeaderServiceRegistration(LeaderComponent Component, Type Service);

    private sealed record ClientRegistration(Func<IServiceProvider, IKubernetes> Create);
}
