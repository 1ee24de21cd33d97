using System.Text.Json.Serialization.Metadata;
using System.Text.Json;

namespace Flink.Kubernetes.HA.StateHandles;

/// <summary>Stores values as JSON, by the source-generated code of System.Text.Json.</summary>
/// <typeparam name="T">The type of the values.</typeparam>
public sealed class JsonStateSerializer<T> : IStateSerializer<T>
{
    private readonly JsonTypeInfo<T> _typeInfo;

    /// <summary>Creates a serializer.</summary>
    /// <param name="typeInfo">The metadata of the type, such as <c>MyJsonContext.Default.JobGraph</c>.</param>
    public JsonStateSerializer(JsonTypeInfo<T> typeInfo)
    {
        ArgumentNullException.ThrowIfNull(typeInfo);
        _typeInfo = typeInfo;
    }

    /// <inheritdoc/>
    public async ValueTask SerializeAsync(T value, Stream destination, CancellationToken cancellationToken = default) =>
        await JsonSerializer.SerializeAsync(destination, value, _typeInfo, cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    /// <exception cref="JsonException">The data is not JSON of this type, or is <c>null</c>.</exception>
    public async ValueTask<T> DeserializeAsync(Stream source, CancellationToken cancellationToken = default) =>
        await JsonSerializer.DeserializeAsync(source, _typeInfo, cancellationToken).ConfigureAwait(false)
        ?? throw new JsonException($"The stored value is null; a {typeof(T).Name} was expected.");
}
