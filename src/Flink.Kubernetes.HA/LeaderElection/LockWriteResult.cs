using Flink.Kubernetes.HA.KubeClient;

namespace Flink.Kubernetes.HA.LeaderElection;

internal readonly record struct LockWriteResult(LockWriteOutcome Outcome, PartialObjectMetadata? Stored, Exception? Error = null, KubeFailure Failure = KubeFailure.Other);
