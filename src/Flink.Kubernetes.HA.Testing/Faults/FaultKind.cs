namespace Flink.Kubernetes.HA.Testing.Faults;

internal enum FaultKind
{
    Fail,
    Respond,
    NotConnected,
    LoseRequest,
    LoseResponse,
    DeliverLate,
    Delay,
    Hang,
    StallBody,
    CutBody,
    CutWatch,
    SilenceWatch,
    ExpireWatch,
    BreakWrite,
    BreakRead,
    TruncateRead,
    CorruptRead,
}

/// <summary>Where a fault can be injected.</summary>
[Flags]
internal enum FaultSites
{
    Api = 1,
    Storage = 2,
    Both = Api | Storage,
}
