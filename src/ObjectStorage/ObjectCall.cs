namespace Flink.Kubernetes.HA.Storage.Objects;

/// <summary>An operation of the storage, for messages.</summary>
/// <param name="Verb">The verb of the operation.</param>
/// <param name="Key">The key; <see langword="null"/> for the entire storage.</param>
/// <param name="IsWrite">Whether the outcome is unknown if the response is lost.</param>
internal sealed record ObjectCall(string Verb, StateKey? Key, bool IsWrite = false);
