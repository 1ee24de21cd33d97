using System.Globalization;

namespace Flink.Kubernetes.HA.Testing.ApiServer;

internal sealed partial class ApiOperations
{
    private readonly HashSet<WatchStream> _watches = [];

    public int OpenWatches
    {
        get
        {
            lock (_gate)
            {
                return _watches.Count;
            }
        }
    }

    /// <summary>Opens a watch; a resource version that has expired is reported in the stream, as by the real server.</summary>
    public WatchStream Watch(ApiCall call, WatchRequest request)
    {
        var stream = Run(call, 200, () => Open(call, request));
        Start(stream, request.Timeout ?? options.WatchTimeout, request.AllowBookmarks);
        return stream;
    }

    public void CompactHistory()
    {
        lock (_gate)
        {
            _store.Compact();
        }
    }

    public void DisconnectWatches() => BreakWatches(new ConnectionBrokenException("The connection of the watch broke."));

    public void Deny(AccessRule rule)
    {
        lock (_gate)
        {
            _denied.Add(rule);
        }
    }

    public void Allow(AccessRule rule)
    {
        lock (_gate)
        {
            _denied.Remove(rule);
        }
    }

    public void ClearRequests() => _log.Clear();

    public void Stop()
    {
        lock (_gate)
        {
            _stopped = true;
        }

        BreakWatches(new ConnectionBrokenException("The in-memory API server has been stopped."));
    }

    private WatchStream Open(ApiCall call, WatchRequest request)
    {
        var selector = ObjectSelector.Parse(call.Namespace, request.LabelSelector, request.FieldSelector);
        var fromStart = request.ResourceVersion is null or "" or "0";
        var revision = _store.Revision;
        if (!fromStart && !long.TryParse(request.ResourceVersion, NumberStyles.None, CultureInfo.InvariantCulture, out revision))
        {
            throw new ApiError(500, reason: null, $"resourceVersion: Invalid value: \"{request.ResourceVersion}\": strconv.ParseUint: parsing \"{request.ResourceVersion}\": invalid syntax");
        }

        var stream = new WatchStream(call.Resource, selector, revision, request.AllowBookmarks, Close);
        if (revision < _store.CompactedRevision)
        {
            stream.End(ApiError.Expired($"too old resource version: {revision} ({_store.CompactedRevision})"));
            return stream;
        }

        if (fromStart)
        {
            foreach (var item in _store.At(call.Resource, revision))
            {
                stream.Offer(item);
            }
        }
        else
        {
            foreach (var change in _store.Since(call.Resource, revision))
            {
                stream.Offer(change);
            }
        }

        _watches.Add(stream);
        return stream;
    }

    private void Start(WatchStream stream, TimeSpan timeout, bool allowBookmarks)
    {
        stream.Own(timeProvider.CreateTimer(_ => EndInTime(stream), null, timeout, Timeout.InfiniteTimeSpan));
        if (allowBookmarks)
        {
            stream.Own(timeProvider.CreateTimer(_ => Bookmark(stream), null, options.BookmarkInterval, options.BookmarkInterval));
        }
    }

    private void Bookmark(WatchStream stream)
    {
        lock (_gate)
        {
            stream.Bookmark(_store.Revision, timeProvider.GetTimestamp());
        }
    }

    private void EndInTime(WatchStream stream)
    {
        lock (_gate)
        {
            stream.Bookmark(_store.Revision, timeProvider.GetTimestamp());
            stream.End();
            _watches.Remove(stream);
        }
    }

    private StoreEvent Publish(StoreEvent change)
    {
        foreach (var watch in _watches)
        {
            watch.Offer(change);
        }

        return change;
    }

    private void BreakWatches(ConnectionBrokenException error)
    {
        lock (_gate)
        {
            foreach (var watch in _watches)
            {
                watch.End(error);
            }

            _watches.Clear();
        }
    }

    private void Close(WatchStream stream)
    {
        lock (_gate)
        {
            _watches.Remove(stream);
        }
    }
}

/// <summary>What a watch asks for.</summary>
internal sealed record WatchRequest(string? LabelSelector, string? FieldSelector, string? ResourceVersion, TimeSpan? Timeout, bool AllowBookmarks);
