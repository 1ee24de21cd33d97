using System.Globalization;
using System.Text.Json.Nodes;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.Testing;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.Tests.LeaderElection;

/// <summary>A small model of Flink's election as fabric8 runs it, to show that a schedule does break it.</summary>
/// <remarks>It looks every 5 s; lease and deadline are both 15 s; a lock is free by the wall clock; where no record is, one is created.</remarks>
internal sealed class FlinkStyleElector : IAsyncDisposable
{
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan RetryPeriod = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(10);

    private readonly string _name;
    private readonly TimeProvider _clock;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _run;
    private DateTimeOffset _renewed;

    public FlinkStyleElector(string name, ElectionCluster cluster, TimeProvider? clock = null)
    {
        _name = name;
        _clock = clock ?? cluster.Time;
        Client = new FaultInjectingKubeClient(cluster.Server.CreateClient(name), cluster.Time);
        _run = Task.Run(RunAsync);
    }

    public static ObjectKey Key { get; } = new(ElectionCluster.Namespace, "flink-style-leader");

    public FaultInjectingKubeClient Client { get; }

    public bool BelievesToLead { get; private set; }

    public KubeFailure? LastFailure { get; private set; }

    public string? LoggedAsPublished { get; private set; }

    /// <summary>Writes the address if the lock is still ours; what came of it is not looked at.</summary>
    public async Task PublishAsync(string address)
    {
        _ = await WriteIfHolderAsync(address);
        LoggedAsPublished = address;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Heal();
        await _stop.CancelAsync();
        await _run;
        await Client.DisposeAsync();
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        using var timer = new PeriodicTimer(RetryPeriod, _clock);
        try
        {
            do
            {
                // Only here is the deadline looked at: not between two ticks, and not while a request hangs.
                BelievesToLead &= _clock.GetUtcNow() <= _renewed + Lease;
                await TickAsync();
            }
            while (await timer.WaitForNextTickAsync(_stop.Token));
        }
        catch (OperationCanceledException)
        {
        }
    }

    private async Task TickAsync()
    {
        using var timeout = new CancellationTokenSource(RequestTimeout, _clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, _stop.Token);
        try
        {
            BelievesToLead = await TryLockAsync(both.Token);
            _renewed = BelievesToLead ? _clock.GetUtcNow() : _renewed;
        }
        catch (KubeClientException exception)
        {
            LastFailure = exception.Failure;
        }
        catch (OperationCanceledException) when (!_stop.IsCancellationRequested)
        {
            LastFailure = null;
        }
    }

    private async Task<bool> TryLockAsync(CancellationToken cancellationToken)
    {
        ConfigMap? found = null;
        try
        {
            found = await Client.GetAsync(KubeResources.ConfigMaps, Key, cancellationToken);
        }
        catch (KubeClientException exception) when (exception.Failure == KubeFailure.NotFound)
        {
        }

        var now = _clock.GetUtcNow();
        var annotations = new Dictionary<string, string>
        {
            [HaNames.LockAnnotation] = new JsonObject { ["holderIdentity"] = _name, ["leaseDuration"] = "PT15S", ["renewTime"] = now.ToString("O", CultureInfo.InvariantCulture) }.ToJsonString(),
        };
        if (found?.Metadata.Annotations?.GetValueOrDefault(HaNames.LockAnnotation) is not { } annotation)
        {
            var created = new ConfigMap { Metadata = new ObjectMeta { Name = Key.Name, Namespace = Key.Namespace, Annotations = annotations } };
            await Client.CreateAsync(KubeResources.ConfigMaps, created, cancellationToken);
            return true;
        }

        var renewTime = DateTimeOffset.Parse((string)JsonNode.Parse(annotation)!["renewTime"]!, CultureInfo.InvariantCulture);
        if (!IsHolder(annotation) && renewTime + Lease > now)
        {
            return false;
        }

        await Client.ReplaceAsync(KubeResources.ConfigMaps, found with { Metadata = found.Metadata with { Annotations = annotations } }, cancellationToken);
        return true;
    }

    private async Task<bool> WriteIfHolderAsync(string address)
    {
        var found = await Client.GetAsync(KubeResources.ConfigMaps, Key, _stop.Token);
        if (!IsHolder(found.Metadata.Annotations?.GetValueOrDefault(HaNames.LockAnnotation)))
        {
            return false;
        }

        await Client.ReplaceAsync(KubeResources.ConfigMaps, found with { Data = new Dictionary<string, string> { ["address"] = address } }, _stop.Token);
        return true;
    }

    private bool IsHolder(string? annotation) => annotation?.Contains($"\"holderIdentity\":\"{_name}\"", StringComparison.Ordinal) == true;
}
