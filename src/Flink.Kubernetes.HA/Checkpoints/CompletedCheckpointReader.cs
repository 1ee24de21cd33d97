using System.Globalization;
using Flink.Kubernetes.HA.ConfigMaps;
using Flink.Kubernetes.HA.StateHandles;
using Flink.Kubernetes.HA.Storage;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.Checkpoints;

/// <summary>Reads the completed checkpoints of a job; needs no leadership. Every call is a request to the API server.</summary>
/// <typeparam name="T">The type of the checkpoints.</typeparam>
public sealed class CompletedCheckpointReader<T>
{
    private const int MostTries = 10;

    private readonly ConfigMapReader _configMap;
    private readonly StateHandleReader _reader;
    private readonly IStateSerializer<T> _serializer;

    internal CompletedCheckpointReader(ConfigMapReader configMap, IStateStorage storage, IStateSerializer<T> serializer)
    {
        ArgumentNullException.ThrowIfNull(serializer);
        _configMap = configMap;
        _serializer = serializer;
        _reader = new StateHandleReader(configMap, storage, CheckpointKeys.Prefix);
    }

    /// <summary>Reads all completed checkpoints that are kept, oldest first; throws if one of them cannot be read.</summary>
    /// <exception cref="CheckpointRecoveryException">The data of a checkpoint is missing, damaged or not understood.</exception>
    /// <exception cref="StateStorageException">The storage could not be read; try again.</exception>
    /// <exception cref="ConfigMapMissingException">The job's ConfigMap does not exist, which is not the same as no checkpoints.</exception>
    /// <exception cref="StateHandleException">A pointer cannot be read.</exception>
    /// <exception cref="KubernetesHaException">The request failed.</exception>
    public Task<IReadOnlyList<CompletedCheckpoint<T>>> ListAsync(CancellationToken cancellationToken = default) =>
        ReadAsync(handles => handles, cancellationToken);

    /// <summary>Reads the latest completed checkpoint, or returns <see langword="null"/> if there is none; an older one is never used
    /// instead.</summary>
    /// <exception cref="CheckpointRecoveryException">The data of the checkpoint is missing, damaged or not understood.</exception>
    /// <exception cref="StateStorageException">The storage could not be read; try again.</exception>
    /// <exception cref="ConfigMapMissingException">The job's ConfigMap does not exist, which is not the same as no checkpoints.</exception>
    /// <exception cref="StateHandleException">A pointer cannot be read.</exception>
    /// <exception cref="KubernetesHaException">The request failed.</exception>
    public async Task<CompletedCheckpoint<T>?> TryGetLatestAsync(CancellationToken cancellationToken = default) =>
        await ReadAsync(handles => handles.TakeLast(1), cancellationToken).ConfigureAwait(false) is [var latest] ? latest : null;

    /// <summary>Returns the pointers of all checkpoints, oldest first.</summary>
    /// <exception cref="StateHandleException">A pointer cannot be read.</exception>
    internal static IReadOnlyList<StateHandle> HandlesOf(ConfigMapContent content) =>
        new StateHandleSnapshot(content, CheckpointKeys.Prefix).ThrowIfUnreadable().Handles;

    internal async Task<CompletedCheckpoint<T>> ReadAsync(StateHandle handle, CancellationToken cancellationToken)
    {
        var id = CheckpointKeys.IdOf(_configMap.Key, handle.Key);
        try
        {
            return new CompletedCheckpoint<T>(id, await _reader.ReadAsync(handle, _serializer, cancellationToken).ConfigureAwait(false), handle);
        }
#pragma warning disable CA1031 // Whatever the user's serializer throws, this checkpoint cannot be read.
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested && IsLasting(exception))
#pragma warning restore CA1031
        {
            throw new CheckpointRecoveryException(id, handle, _reader.Storage.Location, exception);
        }
    }

    private async Task<IReadOnlyList<CompletedCheckpoint<T>>> ReadAsync(
        Func<IReadOnlyList<StateHandle>, IEnumerable<StateHandle>> select, CancellationToken cancellationToken)
    {
        for (var tries = 1; ; tries++)
        {
            var handles = HandlesOf(await _configMap.ReadAsync(cancellationToken).ConfigureAwait(false));
            try
            {
                List<CompletedCheckpoint<T>> checkpoints = [];
                foreach (var handle in select(handles))
                {
                    checkpoints.Add(await ReadAsync(handle, cancellationToken).ConfigureAwait(false));
                }

                return checkpoints;
            }
            catch (CheckpointRecoveryException exception) when (tries < MostTries)
            {
                // The leader may have subsumed it after its pointer was read. It is a loss only if the pointer is still stored.
                if (HandlesOf(await _configMap.ReadAsync(cancellationToken).ConfigureAwait(false)).Contains(exception.Handle))
                {
                    throw;
                }
            }
        }
    }

    /// <summary>Whether reading again would fail as well: the data is gone or damaged, or was read and is not understood.</summary>
    private static bool IsLasting(Exception exception) =>
        exception is not StateStorageException { Failure: not (StateStorageFailure.NotFound or StateStorageFailure.Corrupt) };
}

/// <summary>The keys in a job's ConfigMap.</summary>
internal static class CheckpointKeys
{
    public const string Prefix = "checkpointID-";
    public const string Counter = "counter";

    /// <summary>A fixed length, so that the order of the keys is the order of the IDs.</summary>
    private const int Digits = 19;

    public static string NameOf(long id) => id.ToString("D19", CultureInfo.InvariantCulture);

    /// <exception cref="StateHandleException">The key is not that of a checkpoint.</exception>
    public static long IdOf(ObjectKey configMap, string key) =>
        TryParse(key.AsSpan(Prefix.Length)) ?? throw StateHandleException.Corrupt(configMap, key, "its name is not the number of a checkpoint in "
            + "19 digits");

    /// <summary>Returns the next ID: at least the counter, and larger than every stored checkpoint.</summary>
    /// <exception cref="StateHandleException">The counter is not a number.</exception>
    public static long NextOf(ConfigMapContent content, ObjectKey configMap)
    {
        var counter = content.Data.TryGetValue(Counter, out var text)
            ? long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
                ? number
                : throw StateHandleException.Corrupt(configMap, Counter, "it is not a positive whole number")
            : 1;
        return content.Data.Keys.Where(key => key.StartsWith(Prefix, StringComparison.Ordinal))
            .Select(key => IdOf(configMap, key) + 1)
            .Append(counter)
            .Max();
    }

    private static long? TryParse(ReadOnlySpan<char> digits) =>
        digits.Length == Digits && long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id < long.MaxValue ? id : null;
}
