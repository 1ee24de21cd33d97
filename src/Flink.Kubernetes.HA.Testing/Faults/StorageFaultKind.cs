namespace Flink.Kubernetes.HA.Testing.Faults;

internal enum StorageFaultKind
{
    Fail,
    LoseRequest,
    LoseResponse,
    DeliverLate,
    Delay,
    Hang,
    BreakWrite,
    BreakRead,
    TruncateRead,
    CorruptRead,
}
