namespace Flink.Kubernetes.HA.Benchmarks.Candidates;

/// <summary>Counts requests by their method as they pass, and where asked to the bytes of their bodies, both ways; watches are counted apart.</summary>
internal sealed class CountingHandler(bool bodies = false) : DelegatingHandler
{
    private static readonly string[] Methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "WATCH"];

    private readonly long[] _counts = new long[Methods.Length];
    private long _sent;
    private long _received;

    /// <summary>Requests without watches, and the bytes of their bodies.</summary>
    public (long Requests, long Sent, long Received) Total => (_counts[..^1].Sum(), Interlocked.Read(ref _sent), Interlocked.Read(ref _received));

    public override string ToString() => string.Join(' ', Methods.Zip(_counts, (method, count) => FormattableString.Invariant($"{method}={count}")));

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var isWatch = request.RequestUri!.Query.Contains("watch=", StringComparison.Ordinal);
        Interlocked.Increment(ref _counts[Array.IndexOf(Methods, isWatch ? "WATCH" : request.Method.Method)]);
        if (isWatch || !bodies)
        {
            return await base.SendAsync(request, cancellationToken);
        }

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
