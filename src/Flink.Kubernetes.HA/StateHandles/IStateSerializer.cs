namespace Flink.Kubernetes.HA.StateHandles;

/// <summary>Turns values into the data that is stored, and back.</summary>
/// <remarks>What was written by an earlier version of a program is read by a later one: keep the form readable. Safe for concurrent use.</remarks>
/// <typeparam name="T">The type of the values.</typeparam>
public interface IStateSerializer<T>
{
    /// <summary>Writes a value to the stream, which stays open.</summary>
    /// <param name="value">The value.</param>
    /// <param name="destination">Where to; held in memory until it is stored, so for very large data write the stream yourself.</param>
    /// <param name="cancellationToken">Gives up.</param>
    ValueTask SerializeAsync(T value, Stream destination, CancellationToken cancellationToken = default);

    /// <summary>Reads a value from the stream, to its end; the stream stays open.</summary>
    /// <param name="source">What was stored: it fails at its end where it is not what was written, so read to the end before the value is used.</param>
    /// <param name="cancellationToken">Gives up.</param>
    ValueTask<T> DeserializeAsync(Stream source, CancellationToken cancellationToken = default);
}
