using Flink.Kubernetes.HA.ConfigMaps;
using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.StateHandles;

/// <summary>The exception that is thrown when an operation on the state handles of a ConfigMap fails.</summary>
public class StateHandleException : Exception
{
    private const int LongestShown = 300;

    private protected StateHandleException(StateHandleFailure failure, ObjectKey configMap, string? key, string message, Exception? innerException = null)
        : base(message, innerException) => (Failure, ConfigMap, Key) = (failure, configMap.ToString(), key);

    /// <summary>The kind of failure.</summary>
    public StateHandleFailure Failure { get; }

    /// <summary>The ConfigMap, as <c>namespace/name</c>.</summary>
    public string ConfigMap { get; }

    /// <summary>The key in it, or <see langword="null"/> if the failure does not concern a single key.</summary>
    public string? Key { get; }

    internal static StateHandleException Exists(ObjectKey configMap, string key) => new(
        StateHandleFailure.AlreadyExists, configMap, key, $"\"{key}\" already exists in ConfigMap {configMap}: replace it, or choose another name.");

    internal static StateHandleException NotFound(ObjectKey configMap, string key) => new(
        StateHandleFailure.NotFound, configMap, key, $"There is no \"{key}\" in ConfigMap {configMap}.");

    internal static StateHandleException Foreign(ObjectKey configMap, string key, StateKey data, string folder) => new(
        StateHandleFailure.Foreign,
        configMap,
        key,
        $"The pointer \"{key}\" in ConfigMap {configMap} leads to {data}, outside of its own data in {folder}: it is a copy of another ConfigMap, "
        + "whose data it must not delete. If it is to continue from that data, call AdoptStateAsync and keep the data of the other; otherwise "
        + "remove the key.");

    internal static StateHandleException Changed(ObjectKey configMap, string key, string? expected, string? actual) => new(
        StateHandleFailure.Changed,
        configMap,
        key,
        $"\"{key}\" in ConfigMap {configMap} has changed: expected {Show(expected)}, found {Show(actual)}. Read it again and decide again.");

    internal static StateHandleException Corrupt(ObjectKey configMap, string key, string problem, Exception? innerException = null) => new(
        StateHandleFailure.Corrupt,
        configMap,
        key,
        $"The pointer \"{key}\" in ConfigMap {configMap} cannot be read: {problem}. "
        + "If a newer version of this library has written it, run that version. If it was damaged, restore it from a copy of the ConfigMap; "
        + "or, if the data that it points to is not needed, remove the entry by name.",
        innerException);

    private static string Show(string? text) => text is null ? "nothing" : text.Length > LongestShown ? text[..LongestShown] + "..." : text;
}
