namespace Flink.Kubernetes.HA.Tests;

/// <summary>Tests on a manual clock run one after the other and beside nothing else: the clock goes on when the thread pool rests.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public static class SimulatedTime
{
    public const string Name = "Simulated time";
}
