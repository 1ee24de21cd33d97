using k8s;
using k8s.Autorest;
using k8s.Models;

namespace Flink.Kubernetes.HA.Tests.Hazards;

/// <summary>A small model of Flink's election as fabric8 runs it, to show that a schedule does break it.</summary>
/// <remarks>It looks every 5 s; lease and deadline are both 15 s; a lock is free by the wall clock; where no record is, one is created.</remarks>
internal sealed class FlinkStyleElector : IAsyncDisposable
{
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan RetryPeriod = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(10);

    private readonly string _name;
    private readonly TimeProvider _clock;
    private readonly k8s.Kubernetes _client;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _run;
    private DateTimeOffset _renewed;

    public FlinkStyleElector(string name, HaWorld world, TimeProvider? clock = null)
    {
        _name = name;
        _clock = clock ?? world.Time;
        Network = new FaultInjectingHandler(world.Time);
        _client = world.Server.CreateClient(name, Network);
        _run = Task.Run(RunAsync);
    }

    public static ObjectKey Key { get; } = new(HaWorld.Namespace, "flink-style-leader");

    public FaultInjectingHandler Network { get; }

    public bool BelievesToLead { get; private set; }

    /// <summary>Why the server refused the last request that failed.</summary>
    public string? LastRefusal { get; private set; }

    public string? LoggedAsPublished { get; private set; }

    /// <summary>Writes the address if the lock is still ours; what came of it is not looked at.</summary>
    public async Task PublishAsync(string address)
    {
        _ = await WriteIfHolderAsync(address);
        LoggedAsPublished = address;
    }

    public async ValueTask DisposeAsync()
    {
        Network.Heal();
        await _stop.CancelAsync();
        await _run;
        _client.Dispose();
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
        catch (HttpOperationException exception)
        {
            LastRefusal = KubernetesJson.Deserialize<V1Status>(exception.Response.Content).Reason;
        }
        catch (Exception exception) when (exception is HttpRequestException || (exception is OperationCanceledException && !_stop.IsCancellationRequested))
        {
            LastRefusal = null;
        }
    }

    private async Task<bool> TryLockAsync(CancellationToken cancellationToken)
    {
        V1ConfigMap? found = null;
        try
        {
            found = await _client.CoreV1.ReadNamespacedConfigMapAsync(Key.Name, Key.Namespace, cancellationToken: cancellationToken);
        }
        catch (HttpOperationException exception) when (exception.Response.StatusCode == HttpStatusCode.NotFound)
        {
        }

        var now = _clock.GetUtcNow();
        var annotations = new Dictionary<string, string>
        {
            [HaNames.LockAnnotation] = $$"""{"holderIdentity":"{{_name}}","leaseDuration":"PT15S","renewTime":"{{now:O}}"}""",
        };
        if (Lock(found) is not { } annotation)
        {
            var created = new V1ConfigMap { Metadata = new V1ObjectMeta { Name = Key.Name, NamespaceProperty = Key.Namespace, Annotations = annotations } };
            await _client.CoreV1.CreateNamespacedConfigMapAsync(created, Key.Namespace, cancellationToken: cancellationToken);
            return true;
        }

        var renewTime = DateTimeOffset.Parse((string)JsonNode.Parse(annotation)!["renewTime"]!, CultureInfo.InvariantCulture);
        if (!IsHolder(annotation) && renewTime + Lease > now)
        {
            return false;
        }

        found!.Metadata.Annotations = annotations;
        await _client.CoreV1.ReplaceNamespacedConfigMapAsync(found, Key.Name, Key.Namespace, cancellationToken: cancellationToken);
        return true;
    }

    private async Task<bool> WriteIfHolderAsync(string address)
    {
        var found = await _client.CoreV1.ReadNamespacedConfigMapAsync(Key.Name, Key.Namespace, cancellationToken: _stop.Token);
        if (!IsHolder(Lock(found)))
        {
            return false;
        }

        found.Data = new Dictionary<string, string> { ["address"] = address };
        await _client.CoreV1.ReplaceNamespacedConfigMapAsync(found, Key.Name, Key.Namespace, cancellationToken: _stop.Token);
        return true;
    }

    private static string? Lock(V1ConfigMap? found) =>
        found?.Metadata.Annotations is { } annotations && annotations.TryGetValue(HaNames.LockAnnotation, out var annotation) ? annotation : null;

    private bool IsHolder(string? annotation) => annotation?.Contains($"\"holderIdentity\":\"{_name}\"", StringComparison.Ordinal) == true;
}
