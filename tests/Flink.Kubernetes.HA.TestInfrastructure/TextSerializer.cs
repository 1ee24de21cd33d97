namespace Flink.Kubernetes.HA.TestInfrastructure;

/// <summary>Text as UTF-8.</summary>
internal sealed class TextSerializer : IStateSerializer<string>
{
    public static TextSerializer Instance { get; } = new();

    public async ValueTask SerializeAsync(string value, Stream destination, CancellationToken cancellationToken = default) =>
        await destination.WriteAsync(Encoding.UTF8.GetBytes(value), cancellationToken);

    public async ValueTask<string> DeserializeAsync(Stream source, CancellationToken cancellationToken = default)
    {
        using var reader = new StreamReader(source, leaveOpen: true);
        return await reader.ReadToEndAsync(cancellationToken);
    }
}
