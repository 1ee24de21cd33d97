using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.Testing.Faults;

namespace Flink.Kubernetes.HA.Testing;

/// <summary>What goes wrong, and in which calls of a <see cref="FaultInjectingKubeClient"/>.</summary>
/// <remarks>Begin with one of the factory methods and narrow it down: <c>FaultRule.LoseResponse() with { Verb = "patch", Times = 1 }</c>.</remarks>
public sealed record FaultRule : IFaultRule
{
    private FaultRule(FaultKind kind) => Kind = kind;

    /// <summary>The verb that it is about: get, list, watch, create, update, patch or delete.</summary>
    /// <value>Default: <see langword="null"/>, every verb.</value>
    public string? Verb { get; init; }

    /// <summary>The resource that it is about, such as <c>configmaps</c> or <c>leases.coordination.k8s.io</c>.</summary>
    /// <value>Default: <see langword="null"/>, every resource.</value>
    public string? Resource { get; init; }

    /// <summary>The object that it is about, also where a list or watch selects it by <c>metadata.name</c>.</summary>
    /// <value>Default: <see langword="null"/>, every object and collection.</value>
    public string? Name { get; init; }

    /// <summary>How many calls it leaves alone before the first that it strikes.</summary>
    /// <value>Default: 0.</value>
    public int After { get; init; }

    /// <summary>How many calls it strikes.</summary>
    /// <value>Default: <see langword="null"/>, all until it is withdrawn.</value>
    public int? Times { get; init; }

    internal FaultKind Kind { get; }

    internal KubeFailure Failure { get; private init; }

    internal TimeSpan Wait { get; private init; }

    internal bool AfterEffect { get; private init; }

    internal int Events { get; private init; }

    /// <summary>The call is not sent and fails.</summary>
    /// <param name="failure">With what; for a write <see cref="KubeFailure.Timeout"/> has an unknown outcome.</param>
    public static FaultRule Fail(KubeFailure failure = KubeFailure.Unavailable) => new(FaultKind.Fail) { Failure = failure };

    /// <summary>The call is lost on the way: it has no effect, but a caller who writes cannot know that.</summary>
    public static FaultRule LoseRequest() => new(FaultKind.LoseRequest);

    /// <summary>The call takes effect, but its answer is lost: the outcome of a write is unknown.</summary>
    public static FaultRule LoseResponse() => new(FaultKind.LoseResponse);

    /// <summary>The caller gives up at once with an unknown outcome, and the call takes effect later.</summary>
    /// <param name="delay">How much later.</param>
    public static FaultRule DeliverLate(TimeSpan delay) => new(FaultKind.DeliverLate) { Wait = delay };

    /// <summary>The call takes longer.</summary>
    /// <param name="delay">How much longer.</param>
    /// <param name="afterEffect">Whether the answer is late rather than the effect.</param>
    public static FaultRule Delay(TimeSpan delay, bool afterEffect = false) => new(FaultKind.Delay) { Wait = delay, AfterEffect = afterEffect };

    /// <summary>The call does not end before its caller cancels it.</summary>
    /// <param name="afterEffect">Whether it takes effect all the same.</param>
    public static FaultRule Hang(bool afterEffect = false) => new(FaultKind.Hang) { AfterEffect = afterEffect };

    /// <summary>The connection of a watch breaks.</summary>
    /// <param name="afterEvents">After how many events.</param>
    public static FaultRule CutWatch(int afterEvents = 0) => new(FaultKind.CutWatch) { Verb = "watch", Events = afterEvents };

    /// <summary>A watch stays open but delivers nothing more, not even its end.</summary>
    /// <param name="afterEvents">After how many events.</param>
    public static FaultRule SilenceWatch(int afterEvents = 0) => new(FaultKind.SilenceWatch) { Verb = "watch", Events = afterEvents };

    /// <summary>A watch fails with <see cref="KubeFailure.Gone"/>, as for a resource version that has expired.</summary>
    /// <param name="afterEvents">After how many events.</param>
    public static FaultRule ExpireWatch(int afterEvents = 0) => new(FaultKind.ExpireWatch) { Verb = "watch", Events = afterEvents };
}
