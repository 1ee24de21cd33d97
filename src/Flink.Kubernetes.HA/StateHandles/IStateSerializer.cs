namespace Flink.Kubernetes.HA.StateHandles;

/// <summary>Converts values to the data that is stored, and back.</summary>
/// <remarks>Data that an earlier version of a program has written is read by a later one, so keep the format compatible. Must be
/// thread-safe.</remarks>
/// <typeparam name="T">The type of the values.</typeparam>
public interface IStateSerializer<T>
{
    /// <summary>Writes a value to the stream; leaves the stream open.</summary>
    /// <param name="value">The value.</param>
    /// <param name="destination">The destination, which is kept in memory until it is stored. For very large data, pass a stream of your
    /// own to the store.</param>
    /// <param name="cancellationToken">A token to cancel the operation.</param>
    ValueTask SerializeAsync(T value, Stream destination, CancellationToken cancellationToken = default);

    /// <summary>Reads a value from the stream, to its end; leaves the stream open.</summary>
    /// <param name="source">The stored data. Reading fails at its end if the data is not what was written, so read to the end before the
    /// value is used.</param>
    /// <param name="cancellationToken">A token to cancel the operation.</param>
    ValueTask<T> DeserializeAsync(Stream source, CancellationToken cancellationToken = default);
}

internal static class StateSerialization
{
    /// <summary>Converts a value to a stream of its data.</summary>
    public static async ValueTask<MemoryStream> ToStreamAsync<T>(this IStateSerializer<T> serializer, T value, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(serializer);
        var stream = new MemoryStream();
        await serializer.SerializeAsync(value, stream, cancellationToken).ConfigureAwait(false);
        stream.Position = 0;
        return stream;
    }
}
