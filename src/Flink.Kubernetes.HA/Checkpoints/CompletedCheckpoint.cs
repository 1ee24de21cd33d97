using Flink.Kubernetes.HA.StateHandles;

namespace Flink.Kubernetes.HA.Checkpoints;

/// <summary>A checkpoint that was completed and acknowledged.</summary>
/// <typeparam name="T">The type of the checkpoints.</typeparam>
/// <param name="Id">The ID, larger than that of every earlier checkpoint.</param>
/// <param name="Value">The checkpoint.</param>
/// <param name="Handle">The pointer to the stored data.</param>
public sealed record CompletedCheckpoint<T>(long Id, T Value, StateHandle Handle);
