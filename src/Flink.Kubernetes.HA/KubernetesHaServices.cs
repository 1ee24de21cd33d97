using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using Flink.Kubernetes.HA.ConfigMaps.Watching;
using Flink.Kubernetes.HA.ConfigMaps;
using Flink.Kubernetes.HA.Connection;
using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.Hosting;
using Flink.Kubernetes.HA.LeaderElection.Heartbeats;
using Flink.Kubernetes.HA.LeaderElection.Locking;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.LeaderRetrieval;
using Flink.Kubernetes.HA.Storage;
using Flink.Kubernetes.HA.WireFormat;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using k8s;

namespace Flink.Kubernetes.HA;

/// <summary>High availability on Kubernetes ConfigMaps. One instance per process is sufficient.</summary>
/// <remarks>
/// <para>With dependency injection, use <c>services.AddKubernetesHa(...)</c>. Without it, create an instance and dispose it asynchronously.</para>
/// <para>Disposal ends the elections first, then the retrievals, the watches and the client if it was created here. Let the work of a leader end
/// and dispose its term before: a lock is never released under running work.</para>
/// </remarks>
public sealed partial class KubernetesHaServices : IHighAvailabilityServices, IHighAvailabilityHealth
{
    private readonly Lock _lock = new();
    private readonly Dictionary<LeaderComponent, ILeaderElectionService> _elections = [];
    private readonly Dictionary<LeaderComponent, ILeaderRetrievalService> _retrievals = [];
    private readonly LeaderElectionOptions _electionOptions;
    private readonly TimeProvider _timeProvider;
    private readonly ILoggerFactory _loggerFactory;
    private readonly HaMetrics _metrics;
    private readonly ConfigMapRequests _requests;
    private readonly IStateStorage? _storage;
    private readonly IDisposable? _ownClient;
    private readonly SharedWatches _watches;
    private readonly ProcessHeartbeats _heartbeats;
    private readonly RenewalBudget _budget;
    private readonly ElectionEvents? _events;
    private TaskCompletionSource? _disposal;

    /// <summary>Creates the services; nothing is sent until an election, a retrieval or a store is used.</summary>
    /// <param name="options">The options; they are copied, so later changes have no effect.</param>
    /// <param name="client">
    /// Your own client, which you dispose after these services: a <see cref="k8s.Kubernetes"/>, preferably created with
    /// <see cref="KubernetesClientConfigurationExtensions"/>, because with the official defaults a dead connection is noticed only
    /// after minutes. <see langword="null"/>: a client is created from the configuration or the options.
    /// </param>
    /// <param name="timeProvider">The clock for all waits; <see langword="null"/> for the system clock.</param>
    /// <param name="loggerFactory">The logger factory; <see langword="null"/> disables logging.</param>
    /// <param name="meterFactory">The factory of the meter; <see langword="null"/> for a meter that is not shared.</param>
    /// <param name="storage">The storage of the data of the stores, required to open one; you dispose it after these services.</param>
    /// <param name="configuration">The address of the API server and the credential; <see langword="null"/> for the kubeconfig in the
    /// options, or the one that kubectl would find.</param>
    /// <exception cref="OptionsValidationException">The options are not valid; the message says what to change.</exception>
    /// <exception cref="NotSupportedException">The client is not a <see cref="k8s.Kubernetes"/>, whose HttpClient the watches need.</exception>
    /// <exception cref="KubernetesHaException">No connection to an API server is configured, or the configuration has errors.</exception>
    public KubernetesHaServices(
        KubernetesHaOptions options,
        IKubernetes? client = null,
        TimeProvider? timeProvider = null,
        ILoggerFactory? loggerFactory = null,
        IMeterFactory? meterFactory = null,
        IStateStorage? storage = null,
        KubernetesClientConfiguration? configuration = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        KubernetesHaOptionsValidator.ThrowIfInvalid(options);
        _timeProvider = timeProvider ?? TimeProvider.System;
        _loggerFactory = new GuardedLoggerFactory(loggerFactory ?? NullLoggerFactory.Instance);
        var logger = _loggerFactory.CreateLogger<KubernetesHaServices>();
        if (client is not null)
        {
            // Every election and retrieval needs a watch: refused here, and not in the background again and again.
            ConfigMapRequests.ClientOfWatches(client);
        }
        else
        {
            configuration ??= ApiServerConfiguration.Load(
                NullIfEmpty(options.KubeConfigPath), NullIfEmpty(options.Context), ConnectionEnvironment.Create(timeProvider, loggerFactory));
        }

        ClusterId = options.ClusterId;
        Namespace = NullIfEmpty(options.Namespace) ?? (client is null ? NullIfEmpty(configuration!.Namespace) ?? "default" : throw NamespaceMissing());

        // New per instance: neither another process with the same name nor this one after a crash is taken for the same holder.
        Identity = $"{NullIfEmpty(options.Identity) ?? Environment.MachineName}_{RandomNumberGenerator.GetHexString(32, lowercase: true)}";
        _electionOptions = Copy(options.LeaderElection);
        _budget = new RenewalBudget(_electionOptions, _timeProvider);
        _storage = storage;
        var own = client is null ? configuration!.CreateHaClient(options.ApiServer, timeProvider, loggerFactory) : null;
        _ownClient = own;
        Client = client ?? own!;
        _metrics = new HaMetrics(meterFactory);
        _requests = new ConfigMapRequests(
            Client,
            options.ApiServer.RequestTimeout,
            options.ApiServer.MaxRetries,
            _timeProvider,
            _loggerFactory.CreateLogger<ConfigMapRequests>(),
            _metrics);
        _watches = new SharedWatches(_requests, _timeProvider, _loggerFactory, _metrics, labelSelector: HaNames.LabelSelector(ClusterId));
        _events = _electionOptions.EmitEvents
            ? new ElectionEvents(_requests, Identity, _electionOptions.RequestTimeout, _timeProvider, _loggerFactory.CreateLogger<ElectionEvents>())
            : null;
        _heartbeats = ProcessHeartbeats.Create(Namespace, ClusterId, Identity, _electionOptions, _requests, _watches, _timeProvider, _loggerFactory, _metrics);

        // Without what the owner of a client may have put into its address: a user name and a password.
        var server = new Uri(Client.BaseUri.GetComponents(UriComponents.HttpRequestUrl, UriFormat.UriEscaped));
        Log.ServicesCreated(logger, ClusterId, Namespace, Identity, server);
        if (client is not null and not ApiServerClient)
        {
            Log.ClientNotHardened(logger, client.GetType());
        }
    }

    /// <inheritdoc/>
    public string ClusterId { get; }

    /// <inheritdoc/>
    public string Namespace { get; }

    /// <inheritdoc/>
    public string Identity { get; }

    /// <inheritdoc/>
    public IKubernetes Client { get; }

    /// <inheritdoc/>
    public IStateStorage Storage => _storage ?? throw new InvalidOperationException(
        "There is no IStateStorage, which the stores need for their data: call services.AddFileSystemStateStorage(...) or register another one, "
        + "or pass one to the constructor of KubernetesHaServices.");

    /// <inheritdoc/>
    public ILeaderElectionService GetLeaderElection(LeaderComponent component) => GetOrCreate(_elections, component, CreateElection);

    /// <inheritdoc/>
    public ILeaderRetrievalService GetLeaderRetrieval(LeaderComponent component) => GetOrCreate(_retrievals, component, CreateRetrieval);

    /// <inheritdoc/>
    public FlinkLeaders GetFlinkLeaders(string clusterId, FlinkHaLayout layout = FlinkHaLayout.ClusterConfigMap)
    {
        if (!HaNames.IsValidClusterId(clusterId))
        {
            throw new ArgumentException($"'{clusterId}' is not the ID of a Flink cluster on Kubernetes.", nameof(clusterId));
        }

        return new FlinkLeaders(clusterId, layout, component => CreateFlinkRetrieval(clusterId, layout, component));
    }

    /// <summary>Ends all elections and retrievals that were handed out. Terms that their owners have not disposed end first; their locks are
    /// released only if their owners dispose them when they are asked to stop.</summary>
    /// <remarks>Every part is disposed even if another one fails. Calling it again returns the same result.</remarks>
    /// <exception cref="AggregateException">Several parts failed; a single failure is thrown as it is.</exception>
    public async ValueTask DisposeAsync()
    {
        TaskCompletionSource disposal;
        bool isFirst;
        lock (_lock)
        {
            isFirst = _disposal is null;
            disposal = _disposal ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        if (isFirst)
        {
            await DisposePartsAsync(disposal).ConfigureAwait(false);
        }

        await disposal.Task.ConfigureAwait(false);
    }

    IReadOnlyList<ComponentHealth> IHighAvailabilityHealth.GetHealth()
    {
        ILeaderElectionService[] elections;
        ILeaderRetrievalService[] retrievals;
        lock (_lock)
        {
            if (_disposal is not null)
            {
                return [];
            }

            elections = [.. _elections.Values];
            retrievals = [.. _retrievals.Values];
        }

        return
        [
            .. elections.Select(election => (election.Component, Health: election as ILeaderElectionHealth))
                .Select(item => new ComponentHealth(item.Component, item.Health?.SinceLastRenewal, item.Health?.Failure)),
            .. retrievals.Select(retrieval => new ComponentHealth(retrieval.Component, null, (retrieval as ILeaderRetrievalHealth)?.Failure)),
        ];
    }

    private static OptionsValidationException NamespaceMissing() => new(
        Options.DefaultName,
        typeof(KubernetesHaOptions),
        ["Namespace is missing: with your own client there is no configuration to take it from, so set the namespace of the ConfigMaps."]);

    private static LeaderElectionOptions Copy(LeaderElectionOptions options) => new()
    {
        LeaseDuration = options.LeaseDuration,
        RenewDeadline = options.RenewDeadline,
        RetryPeriod = options.RetryPeriod,
        RequestTimeout = options.RequestTimeout,
        MaxClockRateError = options.MaxClockRateError,
        HeartbeatMode = options.HeartbeatMode,
        EmitEvents = options.EmitEvents,
        ProofOfDeath = options.ProofOfDeath,
        PodName = options.PodName,
        ContainerName = options.ContainerName,
    };

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;

    private T GetOrCreate<T>(Dictionary<LeaderComponent, T> handedOut, LeaderComponent component, Func<LeaderComponent, T> create)
    {
        ArgumentNullException.ThrowIfNull(component);
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposal is not null, this);
            if (!handedOut.TryGetValue(component, out var service))
            {
                handedOut.Add(component, service = create(component));
            }

            return service;
        }
    }

    /// <summary>Forgets a service that is being disposed, so that the component can be had again, and jobs that have ended leave nothing.</summary>
    private void Forget<T>(Dictionary<LeaderComponent, T> handedOut, LeaderComponent component, T service)
        where T : class
    {
        lock (_lock)
        {
            if (handedOut.GetValueOrDefault(component) == service)
            {
                handedOut.Remove(component);
            }
        }
    }

    private LeaderElectionService CreateElection(LeaderComponent component) => new(
        component, Namespace, ClusterId, Identity, _electionOptions, _requests, _watches, _timeProvider, _loggerFactory, _metrics, _heartbeats,
        service => Forget(_elections, component, service), _budget, _events);

    private LeaderRetrievalService CreateRetrieval(LeaderComponent component)
    {
        var key = HaNames.LeaderConfigMap(Namespace, ClusterId, component);
        var logger = _loggerFactory.CreateLogger<LeaderRetrievalService>();
        return new(
            component,
            () => _watches.Subscribe(key),
            SubscribeToLease,
            () => new LockLeaderReader(ClusterId, key, _electionOptions.LeaseDuration, logger),
            _timeProvider,
            logger,
            _metrics,
            service => Forget(_retrievals, component, service));
    }

    private WatchSubscription SubscribeToLease(LeaseReference lease) =>
        _watches.Subscribe(new ObjectKey(Namespace, lease.Name), isMetadataOnly: false, WatchedResource.Leases);

    private LeaderRetrievalService CreateFlinkRetrieval(string clusterId, FlinkHaLayout layout, LeaderComponent component)
    {
        var key = layout == FlinkHaLayout.ConfigMapPerComponent
            ? HaNames.LeaderConfigMap(Namespace, clusterId, component)
            : new ObjectKey(Namespace, FlinkLeaderEntry.ConfigMap(clusterId));
        return new(
            component,
            () => _watches.Subscribe(key, isMetadataOnly: false),
            SubscribeToLease,
            () => new FlinkLeaderReader(component, layout, _electionOptions.LeaseDuration),
            _timeProvider,
            _loggerFactory.CreateLogger<FlinkLeaders>(),
            _metrics);
    }

    private async Task DisposePartsAsync(TaskCompletionSource disposal)
    {
        try
        {
            // Nothing is handed out after _disposal was set under the lock; what is disposed removes itself.
            IAsyncDisposable[] elections, retrievals;
            lock (_lock)
            {
                (elections, retrievals) = ([.. _elections.Values], [.. _retrievals.Values]);
            }

            await StagedDisposal.DisposeAsync(
                elections,
                retrievals,
                _events is null ? [_heartbeats] : [_heartbeats, _events],
                [_watches],
                [new Disposal(_metrics), new Disposal(_budget)],
                _ownClient is { } own ? [new Disposal(own)] : []).ConfigureAwait(false);
            disposal.SetResult();
        }
#pragma warning disable CA1031 // It is thrown to every caller through the task.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            disposal.SetException(exception);
        }
    }

    private sealed class Disposal(IDisposable part) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            part.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
