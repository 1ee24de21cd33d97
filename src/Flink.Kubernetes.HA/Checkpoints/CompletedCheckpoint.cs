using Flink.Kubernetes.HA.StateHandles;

namespace Flink.Kubernetes.HA.Checkpoints;

/// <summary>A checkpoint that was completed and acknowledged.</summary>
/// <typeparam name="T">What describes a checkpoint.</typeparam>
/// <param name="Id">Its id, larger than that of every checkpoint before.</param>
/// <param name="Value">What describes it.</param>
/// <param name="Handle">Where that is kept.</param>
public sealed record CompletedCheckpoint<T>(long Id, T Value, StateHandle Handle);
