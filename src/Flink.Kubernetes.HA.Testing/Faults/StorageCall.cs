using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.Testing.Faults;

/// <summary>What faults see of a call to a storage, and the exceptions of its failures.</summary>
internal sealed record StorageCall(string Verb, string Text)
{
    private bool IsWrite => Verb is "write" or "delete";

    public bool IsAbout(string? verb, string? prefix) =>
        (verb is null || verb == Verb) && (prefix is null || Text.StartsWith(prefix, StringComparison.Ordinal));

    /// <summary>It was not sent, and the caller can know that except after a time-out.</summary>
    public StateStorageException Failed(StateStorageFailure failure) =>
        ToException(failure, $"injected failure {failure}: withdraw the fault", IsWrite && failure == StateStorageFailure.Timeout);

    /// <summary>It was sent, and no answer came.</summary>
    public StateStorageException Lost(string what) => ToException(StateStorageFailure.Unavailable, $"{what} (injected)", IsWrite);

    private StateStorageException ToException(StateStorageFailure failure, string what, bool isOutcomeUnknown) =>
        new(failure, $"Could not {Verb} '{Text}': {what}.") { IsOutcomeUnknown = isOutcomeUnknown, Key = StateKey.TryCreate(Text), Location = Text };
}
