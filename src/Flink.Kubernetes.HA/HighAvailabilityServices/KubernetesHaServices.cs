using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.KubeClient.Watching;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.LeaderRetrieval;
using Flink.Kubernetes.HA.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Flink.Kubernetes.HA;

/// <summary>High availability on Kubernetes ConfigMaps: one of these per process is enough.</summary>
/// <remarks>
/// <para>With dependency injection use <c>services.AddKubernetesHa(...)</c>. Without it create one, and dispose it asynchronously at the end.</para>
/// <para>Disposal closes the elections first, which releases their locks, then the retrievals, the watches and, if it was made here, the client.</para>
/// </remarks>
public sealed class KubernetesHaServices : IHighAvailabilityServices, IHighAvailabilityHealth
{
    private readonly Lock _lock = new();
    private readonly Dictionary<LeaderComponent, ILeaderElectionService> _elections = [];
    private readonly Dictionary<LeaderComponent, ILeaderRetrievalService> _retrievals = [];
    private readonly LeaderElectionOptions _electionOptions;
    private readonly TimeProvider _timeProvider;
    private readonly ILoggerFactory _loggerFactory;
    private readonly HaMetrics _metrics;
    private readonly IKubeClient _client;
    private readonly IStateStorage? _storage;
    private readonly bool _ownsClient;
    private readonly SharedWatches _watches;
    private TaskCompletionSource? _disposal;

    /// <summary>Creates the services; nothing is sent until an election or a retrieval is used.</summary>
    /// <param name="options">Copied: later changes have no effect.</param>
    /// <param name="client">A client of your own, which you dispose after these services; <see langword="null"/> connects as the options say.</param>
    /// <param name="timeProvider">The clock of every wait; <see langword="null"/> for the system's.</param>
    /// <param name="loggerFactory">Where to log; <see langword="null"/> for nowhere.</param>
    /// <param name="meterFactory">Makes the meter; <see langword="null"/> for one of its own.</param>
    /// <param name="storage">Holds the data of the stores, for those who open any; you dispose it after these services.</param>
    /// <exception cref="OptionsValidationException">The options break a rule; the message says which and what to change.</exception>
    public KubernetesHaServices(
        KubernetesHaOptions options,
        IKubeClient? client = null,
        TimeProvider? timeProvider = null,
        ILoggerFactory? loggerFactory = null,
        IMeterFactory? meterFactory = null,
        IStateStorage? storage = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        KubernetesHaOptionsValidator.ThrowIfInvalid(options);
        var connection = client is null ? Connect(options, timeProvider, loggerFactory) : null;

        ClusterId = options.ClusterId;
        Namespace = NullIfEmpty(options.Namespace) ?? connection?.Namespace ?? throw NamespaceMissing();
        // New per instance, so that a process never takes itself for another one, or for the one before a crash.
        Identity = $"{NullIfEmpty(options.Identity) ?? Environment.MachineName}_{RandomNumberGenerator.GetHexString(32, lowercase: true)}";
        _electionOptions = Copy(options.LeaderElection);
        _timeProvider = timeProvider ?? TimeProvider.System;
        _loggerFactory = loggerFactory ?? NullLoggerFactory.Instance;
        _metrics = new HaMetrics(meterFactory);
        _storage = storage;
        _ownsClient = client is null;
        _client = client ?? CreateClient(connection!, options.KubeClient);
        _watches = new SharedWatches(_client, _timeProvider, _loggerFactory, _metrics);
        Log.ServicesCreated(_loggerFactory.CreateLogger<KubernetesHaServices>(), ClusterId, Namespace, Identity);
    }

    /// <inheritdoc/>
    public string ClusterId { get; }

    /// <inheritdoc/>
    public string Namespace { get; }

    /// <inheritdoc/>
    public string Identity { get; }

    /// <inheritdoc/>
    public IKubeClient Client => _client;

    /// <inheritdoc/>
    public IStateStorage Storage => _storage ?? throw new InvalidOperationException(
        "There is no IStateStorage, and the stores need one for their data: call services.AddFileSystemStateStorage(...) or add another one, "
        + "or give one to the constructor of KubernetesHaServices.");

    /// <inheritdoc/>
    public TimeProvider TimeProvider => _timeProvider;

    /// <inheritdoc/>
    public ILeaderElectionService GetLeaderElection(LeaderComponent component) => GetOrCreate(_elections, component, CreateElection);

    /// <inheritdoc/>
    public ILeaderRetrievalService GetLeaderRetrieval(LeaderComponent component) => GetOrCreate(_retrievals, component, CreateRetrieval);

    /// <summary>Ends everything that was handed out; what leads stops leading and releases its lock first.</summary>
    /// <remarks>Every part is closed even if another fails to; calling it again returns the same end.</remarks>
    /// <exception cref="AggregateException">Several parts failed to close; a single failure is thrown as it is.</exception>
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
                .Select(item => new ComponentHealth(item.Component, item.Health?.SinceLastRenewal, item.Health?.WatchFailure)),
            .. retrievals.Select(retrieval => new ComponentHealth(retrieval.Component, null, (retrieval as ILeaderRetrievalHealth)?.WatchFailure)),
        ];
    }

    private static KubeConnection Connect(KubernetesHaOptions options, TimeProvider? timeProvider, ILoggerFactory? loggerFactory)
    {
        var path = NullIfEmpty(options.KubeConfigPath);
        var context = NullIfEmpty(options.Context);
        return path is null && context is null
            ? KubeConnection.Default(timeProvider, loggerFactory)
            : KubeConnection.FromKubeConfig(path, context, timeProvider, loggerFactory);
    }

    private static OptionsValidationException NamespaceMissing() => new(
        Options.DefaultName,
        typeof(KubernetesHaOptions),
        ["Namespace is missing: with an IKubeClient of your own there is no connection to take it from, so name the namespace of the ConfigMaps."]);

    private static LeaderElectionOptions Copy(LeaderElectionOptions options) => new()
    {
        LeaseDuration = options.LeaseDuration,
        RenewDeadline = options.RenewDeadline,
        RetryPeriod = options.RetryPeriod,
        RequestTimeout = options.RequestTimeout,
        MaxClockRateError = options.MaxClockRateError,
    };

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;

    private HttpKubeClient CreateClient(KubeConnection connection, KubeClientOptions options)
    {
        try
        {
            return new HttpKubeClient(connection, options, _timeProvider, _loggerFactory, _metrics, handler: null);
        }
        catch
        {
            _metrics.Dispose();
            throw;
        }
    }

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

    private LeaderElectionService CreateElection(LeaderComponent component) =>
        new(component, Namespace, ClusterId, Identity, _electionOptions, _client, _watches, _timeProvider, _loggerFactory, _metrics);

    private LeaderRetrievalService CreateRetrieval(LeaderComponent component) =>
        new(component, Namespace, ClusterId, _watches, _timeProvider, _loggerFactory, _metrics);

    private async Task DisposePartsAsync(TaskCompletionSource disposal)
    {
        try
        {
            // Nothing is handed out any more: the collections don't change from here on.
            await StagedDisposal.DisposeAsync(
                _elections.Values,
                _retrievals.Values,
                [_watches],
                [new Meters(_metrics)],
                _ownsClient ? [_client] : []).ConfigureAwait(false);
            disposal.SetResult();
        }
#pragma warning disable CA1031 // It is thrown to every caller by way of the task.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            disposal.SetException(exception);
        }
    }

    private sealed class Meters(HaMetrics metrics) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            metrics.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
