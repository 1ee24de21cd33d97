using Flink.Kubernetes.HA.KubeClient;

namespace Flink.Kubernetes.HA.StateHandles;

/// <summary>Reads a whole ConfigMap; what it sees tells others how large that is.</summary>
internal sealed class ConfigMapReader
{
    private readonly IKubeClient _client;
    private readonly Action<ConfigMapContent>? _seen;

    public ConfigMapReader(IKubeClient client, ObjectKey key, Action<ConfigMapContent>? seen = null)
    {
        ArgumentNullException.ThrowIfNull(client);
        (_client, Key, _seen) = (client, key, seen);
    }

    public ObjectKey Key { get; }

    public async Task<ConfigMapContent> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            var content = new ConfigMapContent(await _client.GetAsync(KubeResources.ConfigMaps, Key, cancellationToken).ConfigureAwait(false));
            _seen?.Invoke(content);
            return content;
        }
        catch (KubeClientException exception) when (exception.Failure == KubeFailure.NotFound)
        {
            throw new ConfigMapMissingException(Key, exception);
        }
    }
}
