using Flink.Kubernetes.HA.Testing.Faults;

namespace Flink.Kubernetes.HA.Testing;

/// <summary>Stands between a Kubernetes client and its server and lets go wrong what can go wrong on the way.</summary>
/// <remarks>
/// <para>It works on any client: hand it to <see cref="InMemoryApiServer.CreateClient"/> or to the constructor of the official client,
/// or put it above the handler of an <see cref="HttpClient"/>. It reads from the requests what they are about.</para>
/// <para>Of several faults that match a request, the one injected first strikes. A request that is answered here does not reach the server.</para>
/// </remarks>
public sealed class FaultInjectingHandler : DelegatingHandler
{
    private readonly FaultPlan<RequestedCall> _plan = new((fault, call) => call.IsAbout(fault.Verb, fault.Resource, fault.Name));
    private readonly Network _network = new();
    private readonly FaultyRequests _requests;
    private bool _disposed;

    /// <summary>Creates a handler that changes nothing until a fault is injected.</summary>
    /// <param name="timeProvider">The clock for delays; default: the system's.</param>
    public FaultInjectingHandler(TimeProvider? timeProvider = null) => _requests = new FaultyRequests(_plan, _network, timeProvider ?? TimeProvider.System);

    /// <summary>Whether <see cref="Partition"/> is in force.</summary>
    public bool IsPartitioned => _network.IsPartitioned;

    /// <summary>Lets the fault strike from now on.</summary>
    /// <param name="fault">What goes wrong.</param>
    /// <returns>Withdraws the fault when it is disposed.</returns>
    /// <exception cref="ArgumentException">The fault is one of a storage.</exception>
    public IDisposable Inject(Fault fault)
    {
        ArgumentNullException.ThrowIfNull(fault);
        fault.ThrowIfNotFor(FaultSites.Api, nameof(fault));
        return _plan.Add(fault);
    }

    /// <summary>Cuts the client off from the server until <see cref="Heal"/>.</summary>
    /// <param name="silent">
    /// <see langword="false"/>: requests fail at once, unsent, and open watches break.
    /// <see langword="true"/>: packets vanish: requests hang and open watches fall silent, until they are canceled or healed, which breaks them.
    /// </param>
    public void Partition(bool silent = false) => _network.Partition(silent);

    /// <summary>Ends <see cref="Partition"/>; what hung since then breaks.</summary>
    public void Heal() => _network.Heal();

    /// <summary>Breaks every watch that is open now.</summary>
    public void CutWatches() => _network.CutWatches();

    /// <summary>Lets every watch that is open now fall silent; it stays open until it is canceled or cut.</summary>
    public void SilenceWatches() => _network.SilenceWatches();

    /// <summary>Counts the requests that were made so far, those that failed included.</summary>
    /// <param name="verb">Only this verb.</param>
    /// <param name="resource">Only this resource.</param>
    /// <param name="name">Only this object.</param>
    public int CountCalls(string? verb = null, string? resource = null, string? name = null) => _plan.Count(call => call.IsAbout(verb, resource, name));

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        cancellationToken.ThrowIfCancellationRequested();

        // As from a network, no answer comes on the caller's stack.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        return await _requests.RunAsync(request, base.SendAsync, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Withdraws what was injected, stops late deliveries and disposes the handler below.</summary>
    protected override void Dispose(bool disposing)
    {
        if (disposing && !_disposed)
        {
            _disposed = true;
            _requests.Dispose();
        }

        base.Dispose(disposing);
    }
}
