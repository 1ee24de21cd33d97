namespace Flink.Kubernetes.HA.Diagnostics;

/// <summary>The name under which this library emits metrics and traces.</summary>
public static class HaTelemetry
{
    /// <summary>The name of the Meter and the ActivitySource.</summary>
    public const string SourceName = "Flink.Kubernetes.HA";
}
