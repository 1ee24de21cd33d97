namespace Flink.Kubernetes.HA.Benchmarks;

/// <summary>Counts requests and the bytes of their bodies, both ways, as they pass the transport; watches and heartbeats are left out by name.</summary>
internal sealed class CountingHandler : DelegatingHandler
{
    private long _requests;
    private long _sent;
    private long _received;

    public (long Requests, long Sent, long Received) Total => (Interlocked.Read(ref _requests), Interlocked.Read(ref _sent), Interlocked.Read(ref _received));

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.RequestUri!.Query.Contains("watch=", StringComparison.Ordinal))
        {
            return await base.SendAsync(request, cancellationToken);
        }

        Interlocked.Increment(ref _requests);
        if (request.Content is { } body)
        {
            Interlocked.Add(ref _sent, (await body.ReadAsByteArrayAsync(cancellationToken)).Length);
        }

        var response = await base.SendAsync(request, cancellationToken);
        await response.Content.LoadIntoBufferAsync(cancellationToken);
        Interlocked.Add(ref _received, (await response.Content.ReadAsByteArrayAsync(cancellationToken)).Length);
        return response;
    }
}
