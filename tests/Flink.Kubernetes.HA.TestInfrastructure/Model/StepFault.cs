namespace Flink.Kubernetes.HA.TestInfrastructure.Model;

/// <summary>What goes wrong between the leader and the API server or the storage during one step.</summary>
internal sealed record StepFault(string Name, string Verb, int After, int Times, Fault? Api, Fault? Storage)
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(5);

    /// <summary>What happens to calls of the API server.</summary>
    public static IReadOnlyList<(string Name, Fault Rule)> OfApi { get; } =
    [
        ("fails unsent", Fault.NotConnected()),
        ("is refused", Fault.Fail(HttpStatusCode.Forbidden)),
        ("times out", Fault.Fail(HttpStatusCode.GatewayTimeout)),
        ("is lost", Fault.LoseRequest()),
        ("takes effect, answer lost", Fault.LoseResponse()),
        ("comes late", Fault.DeliverLate(Moment)),
        ("comes very late", Fault.DeliverLate(Long)),
        ("comes after a lease", Fault.DeliverLate(TimeSpan.FromSeconds(20))),
        ("hangs", Fault.Hang()),
        ("takes effect and hangs", Fault.Hang(afterEffect: true)),
        ("is slow", Fault.Delay(Long)),
        ("is slow to answer", Fault.Delay(Long, afterEffect: true)),
    ];

    /// <summary>What happens to calls of the storage. None hangs: nobody but the caller ends such a call.</summary>
    public static IReadOnlyList<(string Name, Fault Rule)> OfStorage { get; } =
    [
        ("fails", Fault.Fail(StateStorageFailure.Unavailable)),
        ("times out", Fault.Fail(StateStorageFailure.Timeout)),
        ("is lost", Fault.LoseRequest()),
        ("takes effect, answer lost", Fault.LoseResponse()),
        ("comes late", Fault.DeliverLate(Moment)),
        ("comes very late", Fault.DeliverLate(Long)),
        ("is slow", Fault.Delay(Long)),
        ("is slow to answer", Fault.Delay(Long, afterEffect: true)),
    ];

    public static StepFault AtApi(string name, Fault rule, string verb, int after, int times) =>
        new(name, verb, after, times, rule with { Verb = verb, Resource = "configmaps", After = after, Times = times }, null);

    public static StepFault AtStorage(string name, Fault rule, string verb, int after, int times) =>
        new(name, verb, after, times, null, rule with { Verb = verb, After = after, Times = times });

    /// <summary>Lets it strike; returns what withdraws it.</summary>
    public IDisposable Inject(StoreProcess process) => Api is null ? process.Storage.Inject(Storage!) : process.Network.Inject(Api);

    public int CountCalls(StoreProcess process) => Api is null ? process.Storage.CountCalls(Verb) : process.Network.CountCalls(Verb, "configmaps");

    public override string ToString() => $"{(Times > 1 ? $"{Times} times from " : string.Empty)}{Verb} {After + 1} {Name}";
}
