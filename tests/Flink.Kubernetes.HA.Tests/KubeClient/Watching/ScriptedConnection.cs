using System.Threading.Channels;
using Flink.Kubernetes.HA.KubeClient;

namespace Flink.Kubernetes.HA.Tests.KubeClient.Watching;

/// <summary>One watch connection of a <see cref="ScriptedKubeClient"/>.</summary>
internal sealed class ScriptedConnection(WatchOptions options)
{
    private readonly Channel<WatchEvent<ConfigMap>> _events = Channel.CreateUnbounded<WatchEvent<ConfigMap>>();

    public WatchOptions Options => options;

    public ChannelReader<WatchEvent<ConfigMap>> Events => _events.Reader;

    public void Modified(ConfigMap item) => _events.Writer.TryWrite(new(WatchEventType.Modified, item));

    public void Deleted(ConfigMap item) => _events.Writer.TryWrite(new(WatchEventType.Deleted, item));

    public void Bookmark(string resourceVersion) =>
        _events.Writer.TryWrite(new(WatchEventType.Bookmark, new ConfigMap { Metadata = new ObjectMeta { ResourceVersion = resourceVersion } }));

    /// <summary>The server ends it.</summary>
    public void End() => _events.Writer.Complete();

    /// <summary>The connection breaks, or an ERROR event comes.</summary>
    public void Fail(KubeFailure failure) => _events.Writer.Complete(new KubeClientException(failure, $"Scripted: {failure}.") { Verb = "watch", Resource = "configmaps" });
}
