namespace Flink.Kubernetes.HA.Testing.Faults;

/// <summary>How often a rule strikes, whatever it is about.</summary>
internal interface IFaultRule
{
    int After { get; }

    int? Times { get; }
}
