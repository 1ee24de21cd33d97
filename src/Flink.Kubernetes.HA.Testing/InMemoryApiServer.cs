using Flink.Kubernetes.HA.Testing.ApiServer;
using Flink.Kubernetes.HA.Testing.Http;
using k8s;

namespace Flink.Kubernetes.HA.Testing;

/// <summary>A Kubernetes API server for ConfigMaps, Leases and Pods that lives in this process.</summary>
/// <remarks>
/// It keeps objects as JSON and follows the real server in what it refuses, what it stores and what watches see.
/// Every namespace exists, and every user may do everything that was not denied.
/// </remarks>
public sealed class InMemoryApiServer : IDisposable
{
    private readonly ApiOperations _operations;

    /// <summary>Starts an empty server.</summary>
    /// <param name="timeProvider">The server's clock; default: the system's.</param>
    /// <param name="options">How it behaves; default: as the real server.</param>
    public InMemoryApiServer(TimeProvider? timeProvider = null, InMemoryApiServerOptions? options = null)
    {
        _operations = new ApiOperations(timeProvider ?? TimeProvider.System, options ?? new InMemoryApiServerOptions());
        Front = new RestFront(_operations);
    }

    /// <summary>The requests that were answered so far, watches included, oldest first.</summary>
    public IReadOnlyList<ApiRequest> Requests => _operations.Requests;

    /// <summary>How many watches are open.</summary>
    public int OpenWatches => _operations.OpenWatches;

    internal RestFront Front { get; }

    /// <summary>Creates a client that reaches this server in process, without a socket.</summary>
    /// <remarks>
    /// It is the official client as it is, with no time limit of its own (its limits run on the real clock). Dispose it as any other;
    /// the server is not disposed with it.
    /// </remarks>
    /// <param name="user">The user, as <see cref="Deny"/> and <see cref="Requests"/> name it.</param>
    /// <param name="handlers">What stands between the client and the server, such as a <see cref="FaultInjectingHandler"/>; the first is the outermost.</param>
    public k8s.Kubernetes CreateClient(string user = "admin", params DelegatingHandler[] handlers)
    {
        ArgumentNullException.ThrowIfNull(handlers);
        var configuration = new KubernetesClientConfiguration { Host = "http://in-memory-api-server", HttpClientTimeout = Timeout.InfiniteTimeSpan };
        return new k8s.Kubernetes(configuration, [.. handlers, CreateHandler(user)]);
    }

    /// <summary>Creates a handler that answers the requests of any <see cref="HttpClient"/> in process, whatever the host in their URLs.</summary>
    /// <remarks>It is the innermost handler: one that is set below it is never asked. No request completes on its caller's stack.</remarks>
    /// <param name="user">The user, as <see cref="Deny"/> and <see cref="Requests"/> name it; tokens in the requests are not looked at.</param>
    public DelegatingHandler CreateHandler(string user = "admin")
    {
        ArgumentException.ThrowIfNullOrEmpty(user);
        return new InMemoryHandler(Front, user);
    }

    /// <summary>Forgets the history: older resource versions and continue tokens answer 410 from now on.</summary>
    public void CompactHistory() => _operations.CompactHistory();

    /// <summary>Breaks every open watch, as a network failure does.</summary>
    public void DisconnectWatches() => _operations.DisconnectWatches();

    /// <summary>Refuses requests with 403, as RBAC does for a missing rule; watches that are open continue.</summary>
    /// <param name="user">The user, or <c>*</c> for everyone.</param>
    /// <param name="verb">The verb, or <c>*</c> for all.</param>
    /// <param name="resource">The resource as <see cref="ApiRequest.Resource"/> names it, with or without its group, or <c>*</c> for all.</param>
    public void Deny(string user, string verb, string resource) => _operations.Deny(new AccessRule(user, verb, resource));

    /// <summary>Takes back one <see cref="Deny"/> with the same arguments.</summary>
    /// <param name="user">As it was denied.</param>
    /// <param name="verb">As it was denied.</param>
    /// <param name="resource">As it was denied.</param>
    public void Allow(string user, string verb, string resource) => _operations.Allow(new AccessRule(user, verb, resource));

    /// <summary>Forgets the <see cref="Requests"/> so far.</summary>
    public void ClearRequests() => _operations.ClearRequests();

    /// <summary>Changes what a patch has made before it is stored, as a mutating admission webhook does.</summary>
    internal void Admit(Action<System.Text.Json.Nodes.JsonObject> change) => _operations.Admission = change;

    /// <summary>Stops: open watches break, and every later request fails as if the server could not be reached.</summary>
    public void Dispose() => _operations.Stop();
}
