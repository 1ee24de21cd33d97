using Flink.Kubernetes.HA.Storage;
using Flink.Kubernetes.HA.Testing.Faults;

namespace Flink.Kubernetes.HA.Testing;

/// <summary>What goes wrong, and in which calls of a <see cref="FaultInjectingStateStorage"/>.</summary>
/// <remarks>Begin with one of the factory methods and narrow it down: <c>StorageFaultRule.LoseResponse() with { Verb = "write", Times = 1 }</c>.</remarks>
public sealed record StorageFaultRule : IFaultRule
{
    private StorageFaultRule(StorageFaultKind kind) => Kind = kind;

    /// <summary>The verb that it is about: write, read, delete, list or tidy.</summary>
    /// <value>Default: <see langword="null"/>, every verb.</value>
    public string? Verb { get; init; }

    /// <summary>How the key or the prefix begins that it is about.</summary>
    /// <value>Default: <see langword="null"/>, every key.</value>
    public string? Prefix { get; init; }

    /// <summary>How many calls it leaves alone before the first that it strikes.</summary>
    /// <value>Default: 0.</value>
    public int After { get; init; }

    /// <summary>How many calls it strikes.</summary>
    /// <value>Default: <see langword="null"/>, all until it is withdrawn.</value>
    public int? Times { get; init; }

    internal StorageFaultKind Kind { get; }

    internal StateStorageFailure Failure { get; private init; }

    internal TimeSpan Wait { get; private init; }

    internal bool AfterEffect { get; private init; }

    internal long Bytes { get; private init; }

    /// <summary>The call is not sent and fails.</summary>
    /// <param name="failure">With what; for a write or delete <see cref="StateStorageFailure.Timeout"/> has an unknown outcome.</param>
    public static StorageFaultRule Fail(StateStorageFailure failure = StateStorageFailure.Unavailable) => new(StorageFaultKind.Fail) { Failure = failure };

    /// <summary>The call is lost on the way: it has no effect, but a caller who writes or deletes cannot know that.</summary>
    public static StorageFaultRule LoseRequest() => new(StorageFaultKind.LoseRequest);

    /// <summary>The call takes effect, but its answer is lost: the outcome of a write or delete is unknown.</summary>
    public static StorageFaultRule LoseResponse() => new(StorageFaultKind.LoseResponse);

    /// <summary>The caller gives up at once with an unknown outcome, and the write or delete takes effect later.</summary>
    /// <param name="delay">How much later.</param>
    public static StorageFaultRule DeliverLate(TimeSpan delay) => new(StorageFaultKind.DeliverLate) { Wait = delay };

    /// <summary>The call takes longer.</summary>
    /// <param name="delay">How much longer.</param>
    /// <param name="afterEffect">Whether the answer is late rather than the effect.</param>
    public static StorageFaultRule Delay(TimeSpan delay, bool afterEffect = false) => new(StorageFaultKind.Delay) { Wait = delay, AfterEffect = afterEffect };

    /// <summary>The call does not end before its caller cancels it.</summary>
    /// <param name="afterEffect">Whether it takes effect all the same.</param>
    public static StorageFaultRule Hang(bool afterEffect = false) => new(StorageFaultKind.Hang) { AfterEffect = afterEffect };

    /// <summary>A write breaks off while its content is taken over: nothing is written.</summary>
    /// <param name="afterBytes">After how many bytes, at least.</param>
    /// <param name="failure">With what; <see cref="StateStorageFailure.OutOfSpace"/> is the disk that fills up under way.</param>
    public static StorageFaultRule BreakWrite(long afterBytes, StateStorageFailure failure = StateStorageFailure.Unavailable) =>
        new(StorageFaultKind.BreakWrite) { Verb = "write", Bytes = afterBytes, Failure = failure };

    /// <summary>A stream that is read breaks off with <see cref="StateStorageFailure.Unavailable"/>.</summary>
    /// <param name="afterBytes">After how many bytes.</param>
    public static StorageFaultRule BreakRead(long afterBytes) => new(StorageFaultKind.BreakRead) { Verb = "read", Bytes = afterBytes };

    /// <summary>A stream that is read ends early, as if that were all.</summary>
    /// <param name="afterBytes">After how many bytes.</param>
    public static StorageFaultRule TruncateRead(long afterBytes) => new(StorageFaultKind.TruncateRead) { Verb = "read", Bytes = afterBytes };

    /// <summary>A stream that is read has a wrong byte in it.</summary>
    /// <param name="offset">Which byte.</param>
    public static StorageFaultRule CorruptRead(long offset = 0) => new(StorageFaultKind.CorruptRead) { Verb = "read", Bytes = offset };
}
