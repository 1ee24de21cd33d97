namespace Flink.Kubernetes.HA.Testing.Faults;

internal enum FaultKind
{
    Fail,
    LoseRequest,
    LoseResponse,
    DeliverLate,
    Delay,
    Hang,
    CutWatch,
    SilenceWatch,
    ExpireWatch,
}
