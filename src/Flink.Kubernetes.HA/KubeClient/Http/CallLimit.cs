namespace Flink.Kubernetes.HA.KubeClient.Http;

/// <summary>What ends a call early: its time limit, its caller, or the end of the client.</summary>
internal sealed class CallLimit : IDisposable
{
    private readonly CancellationTokenSource _time;
    private readonly CancellationTokenSource _any;
    private readonly CancellationToken _caller;
    private readonly CancellationToken _client;

    public CallLimit(TimeSpan limit, TimeProvider timeProvider, CancellationToken client, CancellationToken caller)
    {
        (_client, _caller) = (client, caller);
        _time = new CancellationTokenSource(limit, timeProvider);
        _any = CancellationTokenSource.CreateLinkedTokenSource(_time.Token, client, caller);
    }

    public CancellationToken Token => _any.Token;

    public bool IsTimeOver => _time.IsCancellationRequested;

    /// <summary>Throws if the caller or the end of the client is the cause, which come before the time limit.</summary>
    public void ThrowIfCancelled()
    {
        _caller.ThrowIfCancellationRequested();
        ObjectDisposedException.ThrowIf(_client.IsCancellationRequested, typeof(HttpKubeClient));
    }

    public void Dispose()
    {
        _any.Dispose();
        _time.Dispose();
    }
}
