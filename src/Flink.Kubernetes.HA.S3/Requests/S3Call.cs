using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.S3.Requests;

/// <summary>What is asked of the storage, for messages.</summary>
/// <param name="Verb">What is to be done.</param>
/// <param name="Key">With what; <see langword="null"/> for all.</param>
/// <param name="IsWrite">Whether a lost answer leaves open what became of it.</param>
internal sealed record S3Call(string Verb, StateKey? Key, bool IsWrite = false);
