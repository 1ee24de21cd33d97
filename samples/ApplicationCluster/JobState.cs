using System.Text.Json.Serialization;
using Flink.Kubernetes.HA.StateHandles;

namespace ApplicationCluster;

/// <summary>The state of the job, which is what its checkpoints hold.</summary>
/// <param name="Count">How far it has counted.</param>
/// <param name="TakenAt">When the checkpoint was taken.</param>
internal sealed record JobState(long Count, DateTimeOffset TakenAt)
{
    public static IStateSerializer<JobState> Serializer { get; } = new JsonStateSerializer<JobState>(StateJsonContext.Default.JobState);
}

/// <summary>The job graph: here, what to count in.</summary>
internal sealed record CountingGraph(int Step)
{
    public static IStateSerializer<CountingGraph> Serializer { get; } = new JsonStateSerializer<CountingGraph>(StateJsonContext.Default.CountingGraph);
}

[JsonSerializable(typeof(JobState))]
[JsonSerializable(typeof(CountingGraph))]
internal sealed partial class StateJsonContext : JsonSerializerContext;
