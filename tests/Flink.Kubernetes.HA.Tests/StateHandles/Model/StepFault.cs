using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.Storage;
using Flink.Kubernetes.HA.Testing;

namespace Flink.Kubernetes.HA.Tests.StateHandles.Model;

/// <summary>What goes wrong between the leader and the API server or the storage during one step.</summary>
internal sealed record StepFault(string Name, string Verb, int After, int Times, FaultRule? Api, StorageFaultRule? Storage)
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(5);

    /// <summary>What happens to calls of the API server.</summary>
    public static IReadOnlyList<(string Name, FaultRule Rule)> OfApi { get; } =
    [
        ("fails unsent", FaultRule.Fail()),
        ("is refused", FaultRule.Fail(KubeFailure.Forbidden)),
        ("times out", FaultRule.Fail(KubeFailure.Timeout)),
        ("is lost", FaultRule.LoseRequest()),
        ("takes effect, answer lost", FaultRule.LoseResponse()),
        ("comes late", FaultRule.DeliverLate(Moment)),
        ("comes very late", FaultRule.DeliverLate(Long)),
        ("comes after a lease", FaultRule.DeliverLate(TimeSpan.FromSeconds(20))),
        ("hangs", FaultRule.Hang()),
        ("takes effect and hangs", FaultRule.Hang(afterEffect: true)),
        ("is slow", FaultRule.Delay(Long)),
        ("is slow to answer", FaultRule.Delay(Long, afterEffect: true)),
    ];

    /// <summary>What happens to calls of the storage. None hangs: nobody but the caller ends such a call.</summary>
    public static IReadOnlyList<(string Name, StorageFaultRule Rule)> OfStorage { get; } =
    [
        ("fails", StorageFaultRule.Fail()),
        ("times out", StorageFaultRule.Fail(StateStorageFailure.Timeout)),
        ("is lost", StorageFaultRule.LoseRequest()),
        ("takes effect, answer lost", StorageFaultRule.LoseResponse()),
        ("comes late", StorageFaultRule.DeliverLate(Moment)),
        ("comes very late", StorageFaultRule.DeliverLate(Long)),
        ("is slow", StorageFaultRule.Delay(Long)),
        ("is slow to answer", StorageFaultRule.Delay(Long, afterEffect: true)),
    ];

    public static StepFault At(string name, FaultRule rule, string verb, int after, int times) =>
        new(name, verb, after, times, rule with { Verb = verb, Resource = "configmaps", After = after, Times = times }, null);

    public static StepFault At(string name, StorageFaultRule rule, string verb, int after, int times) =>
        new(name, verb, after, times, null, rule with { Verb = verb, After = after, Times = times });

    /// <summary>Lets it strike; returns what withdraws it.</summary>
    public IDisposable Inject(StoreProcess process) => Api is null ? process.Storage.Inject(Storage!) : process.Client.Inject(Api);

    public int CountCalls(StoreProcess process) => Api is null ? process.Storage.CountCalls(Verb) : process.Client.CountCalls(Verb, "configmaps");

    public override string ToString() => $"{(Times > 1 ? $"{Times} times from " : string.Empty)}{Verb} {After + 1} {Name}";
}
