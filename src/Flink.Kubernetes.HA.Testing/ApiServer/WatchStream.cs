using System.Threading.Channels;
using Flink.Kubernetes.HA.KubeClient;

namespace Flink.Kubernetes.HA.Testing.ApiServer;

/// <summary>One open watch: the store puts changes in, one reader takes events out.</summary>
internal sealed class WatchStream(ApiResource resource, ObjectSelector selector, long afterRevision, bool allowBookmarks, Action<WatchStream> onDispose) : IDisposable
{
    private readonly Channel<WatchMessage> _messages = Channel.CreateUnbounded<WatchMessage>(new UnboundedChannelOptions { SingleReader = true });
    private readonly List<ITimer> _timers = [];

    /// <summary>The events; it ends when the server ends the watch, and fails when the server or the network breaks it.</summary>
    public ChannelReader<WatchMessage> Messages => _messages.Reader;

    /// <summary>Sends an object that exists at the start.</summary>
    public void Offer(StoredObject existing)
    {
        if (selector.Matches(existing))
        {
            Send(WatchEventType.Added, existing, existing.Revision);
        }
    }

    /// <summary>Sends a change, as this watch's selector sees it.</summary>
    public void Offer(StoreEvent change)
    {
        if (change.Resource != resource || change.Revision <= afterRevision)
        {
            return;
        }

        var before = change.Before is { } b && selector.Matches(b) ? b : null;
        var after = change.After is { } a && selector.Matches(a) ? a : null;
        if (after is not null)
        {
            Send(before is null ? WatchEventType.Added : WatchEventType.Modified, after, change.Revision);
        }
        else if (before is not null)
        {
            Send(WatchEventType.Deleted, before.At(change.Revision), change.Revision);
        }
    }

    public void Bookmark(long revision)
    {
        if (allowBookmarks && revision >= afterRevision)
        {
            Send(WatchEventType.Bookmark, null, revision);
        }
    }

    public void End(Exception? error = null) => _messages.Writer.TryComplete(error);

    /// <summary>Keeps a timer for as long as the watch is open.</summary>
    public void Own(ITimer timer) => _timers.Add(timer);

    public void Dispose()
    {
        _timers.ForEach(t => t.Dispose());
        End();
        onDispose(this);
    }

    private void Send(WatchEventType type, StoredObject? item, long revision) => _messages.Writer.TryWrite(new WatchMessage(type, item, revision));
}
