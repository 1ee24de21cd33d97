using System.Net.Sockets;

namespace Flink.Kubernetes.HA.Testing.Faults;

/// <summary>Whether the server can be reached, and the watches that are open on the way to it.</summary>
internal sealed class Network
{
    private readonly Lock _gate = new();
    private readonly HashSet<WatchConnection> _watches = [];
    private TaskCompletionSource? _healed;
    private bool _silent;

    public bool IsPartitioned
    {
        get
        {
            lock (_gate)
            {
                return _healed is not null;
            }
        }
    }

    public static HttpRequestException NotConnected() => new(
        HttpRequestError.ConnectionError,
        "The API server cannot be reached (injected).",
        new SocketException((int)SocketError.ConnectionRefused));

    /// <summary>It was sent, and no answer came.</summary>
    public static HttpRequestException Lost(string what) => new(
        HttpRequestError.ResponseEnded,
        $"An error occurred while sending the request: {what} (injected).",
        Broken());

    /// <summary>The connection broke in the middle of an answer.</summary>
    public static HttpIOException Broken() => new(HttpRequestError.ResponseEnded, "The response ended prematurely (injected).");

    public void Partition(bool silent)
    {
        lock (_gate)
        {
            _silent = silent;
            _healed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        if (silent)
        {
            SilenceWatches();
        }
        else
        {
            CutWatches();
        }
    }

    public void Heal()
    {
        TaskCompletionSource? healed;
        lock (_gate)
        {
            (healed, _healed) = (_healed, null);
        }

        if (healed is not null)
        {
            healed.TrySetResult();
            Watches().FindAll(watch => watch.IsSilenced).ForEach(watch => watch.Cut());
        }
    }

    public void CutWatches() => Watches().ForEach(watch => watch.Cut());

    public void SilenceWatches() => Watches().ForEach(watch => watch.Silence());

    /// <summary>A watch that begins; it can be cut and silenced until it is disposed.</summary>
    public WatchConnection OpenWatch()
    {
        var watch = new WatchConnection(Close);
        lock (_gate)
        {
            _watches.Add(watch);
        }

        return watch;
    }

    /// <summary>Fails where the server cannot be reached, in a silent partition after it has healed.</summary>
    /// <param name="wasSent">Whether the request has left, so that the caller cannot know whether it arrived.</param>
    /// <param name="cancellationToken">The caller's.</param>
    public async Task ThrowIfPartitionedAsync(bool wasSent, CancellationToken cancellationToken)
    {
        Task? healed;
        bool silent;
        lock (_gate)
        {
            (healed, silent) = (_healed?.Task, _silent);
        }

        if (healed is null)
        {
            return;
        }

        if (!silent)
        {
            throw wasSent ? Lost("the answer was lost in a partition") : NotConnected();
        }

        await healed.WaitAsync(cancellationToken).ConfigureAwait(false);
        throw Lost("the connection broke after a partition");
    }

    private void Close(WatchConnection watch)
    {
        lock (_gate)
        {
            _watches.Remove(watch);
        }
    }

    private List<WatchConnection> Watches()
    {
        lock (_gate)
        {
            return [.. _watches];
        }
    }
}

/// <summary>One open watch that can be cut or silenced from outside.</summary>
internal sealed class WatchConnection(Action<WatchConnection> onDispose) : IDisposable
{
    private readonly CancellationTokenSource _cut = new();
    private volatile bool _silenced;

    public bool IsCut => _cut.IsCancellationRequested;

    public bool IsSilenced => _silenced;

    public void Silence() => _silenced = true;

    public void Cut()
    {
        try
        {
            _cut.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It ended in the same moment.
        }
    }

    /// <summary>A token that is canceled when the watch is cut, or by its reader.</summary>
    public CancellationTokenSource LinkTo(CancellationToken cancellationToken) => CancellationTokenSource.CreateLinkedTokenSource(_cut.Token, cancellationToken);

    public void Dispose()
    {
        onDispose(this);
        _cut.Dispose();
    }
}
