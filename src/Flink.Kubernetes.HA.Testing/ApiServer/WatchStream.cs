using System.Threading.Channels;

namespace Flink.Kubernetes.HA.Testing.ApiServer;

/// <summary>One open watch: the store puts changes in, one reader takes events out.</summary>
internal sealed class WatchStream(ApiResource resource, ObjectSelector selector, long afterRevision, bool allowBookmarks, Action<WatchStream> onDispose) : IDisposable
{
    private readonly Channel<WatchMessage> _messages = Channel.CreateUnbounded<WatchMessage>(new UnboundedChannelOptions { SingleReader = true });
    private readonly List<ITimer> _timers = [];
    private long? _lastBookmark;

    /// <summary>The events; it ends when the server ends the watch, and fails when the server or the network breaks it.</summary>
    public ChannelReader<WatchMessage> Messages => _messages.Reader;

    /// <summary>Sends an object that exists at the start.</summary>
    public void Offer(StoredObject existing)
    {
        if (selector.Matches(existing))
        {
            Send("ADDED", existing, existing.Revision);
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
            Send(before is null ? "ADDED" : "MODIFIED", after, change.Revision);
        }
        else if (before is not null)
        {
            Send("DELETED", before.At(change.Revision), change.Revision);
        }
    }

    /// <summary>Sends a bookmark, at most one at a time: the periodic one and the one before the end may be due together, in either order.</summary>
    public void Bookmark(long revision, long timestamp)
    {
        if (allowBookmarks && revision >= afterRevision && timestamp != _lastBookmark)
        {
            _lastBookmark = timestamp;
            Send("BOOKMARK", null, revision);
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

    private void Send(string type, StoredObject? item, long revision) => _messages.Writer.TryWrite(new WatchMessage(type, item, revision));
}

/// <summary>One event of a watch; a bookmark has a revision and no object.</summary>
internal readonly record struct WatchMessage(string Type, StoredObject? Object, long Revision);
