using System.Net;
using Flink.Kubernetes.HA.Storage;
using Flink.Kubernetes.HA.Testing.Faults;

namespace Flink.Kubernetes.HA.Testing;

/// <summary>What goes wrong, and in which calls of a <see cref="FaultInjectingHandler"/> or a <see cref="FaultInjectingStateStorage"/>.</summary>
/// <remarks>
/// Begin with one of the factory methods and narrow it down: <c>Fault.LoseResponse() with { Verb = "patch", Times = 1 }</c>.
/// Each method says where its fault can be injected; others refuse it with an <see cref="ArgumentException"/>.
/// </remarks>
public sealed record Fault
{
    private Fault(FaultKind kind, FaultSites sites) => (Kind, Sites) = (kind, sites);

    /// <summary>The verb that it is about: get, list, watch, create, update, patch, delete or deletecollection; of a storage write, read, delete, list or tidy.</summary>
    /// <value>Default: <see langword="null"/>, every verb.</value>
    public string? Verb { get; init; }

    /// <summary>The resource that it is about, such as <c>configmaps</c>, <c>pods/status</c> or <c>leases.coordination.k8s.io</c>; not for a storage.</summary>
    /// <value>Default: <see langword="null"/>, every resource.</value>
    public string? Resource { get; init; }

    /// <summary>The object that it is about, also where a list or watch selects it by <c>metadata.name</c>; not for a storage.</summary>
    /// <value>Default: <see langword="null"/>, every object and collection.</value>
    public string? Name { get; init; }

    /// <summary>How the key or the prefix begins that it is about; only for a storage.</summary>
    /// <value>Default: <see langword="null"/>, every key.</value>
    public string? Prefix { get; init; }

    /// <summary>How many calls it leaves alone before the first that it strikes.</summary>
    /// <value>Default: 0.</value>
    public int After { get; init; }

    /// <summary>How many calls it strikes.</summary>
    /// <value>Default: <see langword="null"/>, all until it is withdrawn.</value>
    public int? Times { get; init; }

    internal FaultKind Kind { get; }

    internal FaultSites Sites { get; }

    /// <summary>What is answered in place of the server.</summary>
    internal CannedResponse? Response { get; private init; }

    internal StateStorageFailure Failure { get; private init; }

    internal TimeSpan Wait { get; private init; }

    internal bool AfterEffect { get; private init; }

    /// <summary>After how many events or bytes.</summary>
    internal long Count { get; private init; }

    /// <summary>API: the server refuses the request with a <c>Status</c>.</summary>
    /// <param name="status">The HTTP status; after 5xx a caller who writes cannot know whether the write took effect.</param>
    /// <param name="reason">The reason, such as <c>AlreadyExists</c>; default: the usual one for the HTTP status.</param>
    /// <param name="retryAfter">The time in <c>Retry-After</c>, in whole seconds; default: no such header.</param>
    /// <param name="afterEffect">Whether the request takes effect all the same, as when the server runs into its own time limit.</param>
    public static Fault Fail(
        HttpStatusCode status = HttpStatusCode.ServiceUnavailable, string? reason = null, TimeSpan? retryAfter = null, bool afterEffect = false) =>
        new(FaultKind.Respond, FaultSites.Api) { Response = CannedResponse.Status(status, reason, retryAfter), AfterEffect = afterEffect };

    /// <summary>Storage: the call is not sent and fails.</summary>
    /// <param name="failure">With what; for a write or delete <see cref="StateStorageFailure.Timeout"/> has an unknown outcome.</param>
    public static Fault Fail(StateStorageFailure failure) => new(FaultKind.Fail, FaultSites.Storage) { Failure = failure };

    /// <summary>API: something else answers in place of the server, such as a proxy with a page of its own, or with 302 and a <c>Location</c>.</summary>
    /// <param name="status">The HTTP status.</param>
    /// <param name="body">The body.</param>
    /// <param name="contentType">Its media type; <see langword="null"/> for none.</param>
    /// <param name="headers">More headers.</param>
    /// <param name="afterEffect">Whether the request takes effect all the same.</param>
    public static Fault Respond(
        HttpStatusCode status, string body, string? contentType = "text/html", IReadOnlyDictionary<string, string>? headers = null, bool afterEffect = false)
    {
        ArgumentNullException.ThrowIfNull(body);
        return new(FaultKind.Respond, FaultSites.Api) { Response = new CannedResponse(status, body, contentType, headers ?? CannedResponse.NoHeaders), AfterEffect = afterEffect };
    }

    /// <summary>API: the server cannot be reached, so that the request has certainly not been sent.</summary>
    public static Fault NotConnected() => new(FaultKind.NotConnected, FaultSites.Api);

    /// <summary>API and storage: the request is lost and the connection breaks: it has no effect, but a caller who writes cannot know that.</summary>
    public static Fault LoseRequest() => new(FaultKind.LoseRequest, FaultSites.Both);

    /// <summary>API and storage: the call takes effect, but its answer is lost: the outcome of a write is unknown.</summary>
    public static Fault LoseResponse() => new(FaultKind.LoseResponse, FaultSites.Both);

    /// <summary>API and storage: the connection breaks at once with an unknown outcome, and the call takes effect later.</summary>
    /// <param name="delay">How much later.</param>
    public static Fault DeliverLate(TimeSpan delay) => new(FaultKind.DeliverLate, FaultSites.Both) { Wait = delay };

    /// <summary>API and storage: the call takes longer.</summary>
    /// <param name="delay">How much longer.</param>
    /// <param name="afterEffect">Whether the answer is late rather than the effect.</param>
    public static Fault Delay(TimeSpan delay, bool afterEffect = false) => new(FaultKind.Delay, FaultSites.Both) { Wait = delay, AfterEffect = afterEffect };

    /// <summary>API and storage: the call does not end before its caller cancels it.</summary>
    /// <param name="afterEffect">Whether it takes effect all the same.</param>
    public static Fault Hang(bool afterEffect = false) => new(FaultKind.Hang, FaultSites.Both) { AfterEffect = afterEffect };

    /// <summary>API: the headers and a part of the body arrive, and then nothing more.</summary>
    /// <param name="afterBytes">How much of the body arrives.</param>
    public static Fault StallBody(long afterBytes = 1) => new(FaultKind.StallBody, FaultSites.Api) { Count = afterBytes };

    /// <summary>API: the connection breaks in the middle of the body.</summary>
    /// <param name="afterBytes">How much of the body arrives.</param>
    public static Fault CutBody(long afterBytes = 1) => new(FaultKind.CutBody, FaultSites.Api) { Count = afterBytes };

    /// <summary>API: the connection of a watch breaks.</summary>
    /// <param name="afterEvents">After how many events.</param>
    public static Fault CutWatch(int afterEvents = 0) => new(FaultKind.CutWatch, FaultSites.Api) { Verb = "watch", Count = afterEvents };

    /// <summary>API: a watch stays open but delivers nothing more, not even its end.</summary>
    /// <param name="afterEvents">After how many events.</param>
    public static Fault SilenceWatch(int afterEvents = 0) => new(FaultKind.SilenceWatch, FaultSites.Api) { Verb = "watch", Count = afterEvents };

    /// <summary>API: a watch ends with an <c>ERROR</c> event of code 410, as for a resource version that has expired.</summary>
    /// <param name="afterEvents">After how many events.</param>
    public static Fault ExpireWatch(int afterEvents = 0) => new(FaultKind.ExpireWatch, FaultSites.Api) { Verb = "watch", Count = afterEvents };

    /// <summary>Storage: a write breaks while its content is read: nothing is written.</summary>
    /// <param name="afterBytes">After how many bytes, at least.</param>
    /// <param name="failure">With what; <see cref="StateStorageFailure.OutOfSpace"/> is the disk that fills up meanwhile.</param>
    public static Fault BreakWrite(long afterBytes, StateStorageFailure failure = StateStorageFailure.Unavailable) =>
        new(FaultKind.BreakWrite, FaultSites.Storage) { Verb = "write", Count = afterBytes, Failure = failure };

    /// <summary>Storage: a stream that is read breaks with <see cref="StateStorageFailure.Unavailable"/>.</summary>
    /// <param name="afterBytes">After how many bytes.</param>
    public static Fault BreakRead(long afterBytes) => new(FaultKind.BreakRead, FaultSites.Storage) { Verb = "read", Count = afterBytes };

    /// <summary>Storage: a stream that is read ends early, as if that were all.</summary>
    /// <param name="afterBytes">After how many bytes.</param>
    public static Fault TruncateRead(long afterBytes) => new(FaultKind.TruncateRead, FaultSites.Storage) { Verb = "read", Count = afterBytes };

    /// <summary>Storage: a stream that is read has a wrong byte in it.</summary>
    /// <param name="offset">Which byte.</param>
    public static Fault CorruptRead(long offset = 0) => new(FaultKind.CorruptRead, FaultSites.Storage) { Verb = "read", Count = offset };

    /// <summary>Refuses what can only be injected elsewhere.</summary>
    internal void ThrowIfNotFor(FaultSites site, string parameter)
    {
        var elsewhere = site == FaultSites.Api ? nameof(FaultInjectingStateStorage) : nameof(FaultInjectingHandler);
        if (!Sites.HasFlag(site))
        {
            throw new ArgumentException($"{(Response is null ? Kind : nameof(Fail))} does not happen here: inject it into a {elsewhere}.", parameter);
        }

        if (site == FaultSites.Api ? Prefix is not null : Resource is not null || Name is not null)
        {
            var property = site == FaultSites.Api ? nameof(Prefix) : $"{nameof(Resource)} and {nameof(Name)}";
            throw new ArgumentException($"{property} would match no call here: they are for a {elsewhere}.", parameter);
        }
    }
}
