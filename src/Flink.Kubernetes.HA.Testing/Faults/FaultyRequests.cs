namespace Flink.Kubernetes.HA.Testing.Faults;

/// <summary>Sends requests, and lets them fail as the plan and the network say.</summary>
internal sealed class FaultyRequests(FaultPlan<RequestedCall> plan, Network network, TimeProvider timeProvider) : IDisposable
{
    private readonly CancellationTokenSource _stopped = new();

    public delegate Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken);

    public async Task<HttpResponseMessage> RunAsync(HttpRequestMessage request, SendAsync sendAsync, CancellationToken cancellationToken)
    {
        var call = await RequestedCall.ReadAsync(request, cancellationToken).ConfigureAwait(false);
        var fault = plan.Next(call);

        // Before the server is reached: a partition from now on cuts this watch too.
        var watch = call.Verb == "watch" ? network.OpenWatch() : null;
        try
        {
            var response = await BeforeAsync(request, fault, sendAsync, cancellationToken).ConfigureAwait(false)
                ?? await AfterAsync(request, fault, sendAsync, cancellationToken).ConfigureAwait(false);
            var connection = response.IsSuccessStatusCode ? watch : null;
            if (connection is not null || fault is { Kind: FaultKind.StallBody or FaultKind.CutBody })
            {
                await FaultyBody.WrapAsync(response, IsOfBody(fault) ? fault : null, connection, cancellationToken).ConfigureAwait(false);
                watch = connection is null ? watch : null;
            }

            return response;
        }
        finally
        {
            watch?.Dispose();
        }
    }

    public void Dispose()
    {
        plan.Clear();
        _stopped.Cancel();
        _stopped.Dispose();
    }

    private static bool IsOfBody(Fault? fault) =>
        fault is { Kind: FaultKind.StallBody or FaultKind.CutBody or FaultKind.CutWatch or FaultKind.SilenceWatch or FaultKind.ExpireWatch };

    /// <summary>What goes wrong before the server sees the request; <see langword="null"/> when it goes on to the server.</summary>
    private async Task<HttpResponseMessage?> BeforeAsync(HttpRequestMessage request, Fault? fault, SendAsync sendAsync, CancellationToken cancellationToken)
    {
        await network.ThrowIfPartitionedAsync(wasSent: false, cancellationToken).ConfigureAwait(false);
        switch (fault)
        {
            case { Kind: FaultKind.NotConnected }:
                throw Network.NotConnected();
            case { Kind: FaultKind.Respond, AfterEffect: false }:
                return fault.Response!.ToMessage(request);
            case { Kind: FaultKind.LoseRequest }:
                throw Network.Lost("the request was lost");
            case { Kind: FaultKind.DeliverLate }:
                _ = DeliverLateAsync(await CopyAsync(request, cancellationToken).ConfigureAwait(false), fault.Wait, sendAsync);
                throw Network.Lost("the request is late");
            case { Kind: FaultKind.Hang, AfterEffect: false }:
                await WaitAsync(Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(false);
                break;
            case { Kind: FaultKind.Delay, AfterEffect: false }:
                await WaitAsync(fault.Wait, cancellationToken).ConfigureAwait(false);

                // The network may have gone while the request was under way.
                await network.ThrowIfPartitionedAsync(wasSent: true, cancellationToken).ConfigureAwait(false);
                break;
        }

        return null;
    }

    /// <summary>Asks the server, and lets go wrong what goes wrong after that.</summary>
    private async Task<HttpResponseMessage> AfterAsync(HttpRequestMessage request, Fault? fault, SendAsync sendAsync, CancellationToken cancellationToken)
    {
        switch (fault)
        {
            case { Kind: FaultKind.LoseResponse }:
                await CompleteAsync(request, sendAsync, cancellationToken).ConfigureAwait(false);
                throw Network.Lost("the answer was lost");
            case { Kind: FaultKind.Respond }:
                await CompleteAsync(request, sendAsync, cancellationToken).ConfigureAwait(false);
                return fault.Response!.ToMessage(request);
            case { Kind: FaultKind.Hang }:
                await CompleteAsync(request, sendAsync, cancellationToken).ConfigureAwait(false);
                await WaitAsync(Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(false);
                break;
        }

        HttpResponseMessage? response = null;
        try
        {
            try
            {
                response = await sendAsync(request, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                if (fault is { Kind: FaultKind.Delay, AfterEffect: true })
                {
                    await WaitAsync(fault.Wait, cancellationToken).ConfigureAwait(false);
                }
            }

            await network.ThrowIfPartitionedAsync(wasSent: true, cancellationToken).ConfigureAwait(false);
            return response;
        }
        catch
        {
            response?.Dispose();
            throw;
        }
    }

    private Task WaitAsync(TimeSpan time, CancellationToken cancellationToken) => Task.Delay(time, timeProvider, cancellationToken);

    private static async Task CompleteAsync(HttpRequestMessage request, SendAsync sendAsync, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await sendAsync(request, cancellationToken).ConfigureAwait(false);
        }
        catch (HttpRequestException)
        {
            // The caller gets another failure in any case.
        }
    }

    /// <summary>A request of our own: the caller's is disposed when it is delivered.</summary>
    private static async Task<HttpRequestMessage> CopyAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var copy = new HttpRequestMessage(request.Method, request.RequestUri) { Version = request.Version, VersionPolicy = request.VersionPolicy };
        foreach (var (name, values) in request.Headers.NonValidated)
        {
            copy.Headers.TryAddWithoutValidation(name, values);
        }

        if (request.Content is { } content)
        {
            copy.Content = new ByteArrayContent(await content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false));
            foreach (var (name, values) in content.Headers.NonValidated)
            {
                copy.Content.Headers.TryAddWithoutValidation(name, values);
            }
        }

        return copy;
    }

    private async Task DeliverLateAsync(HttpRequestMessage request, TimeSpan delay, SendAsync sendAsync)
    {
        using (request)
        {
            try
            {
                var stopped = _stopped.Token;
                await WaitAsync(delay, stopped).ConfigureAwait(false);
                await CompleteAsync(request, sendAsync, stopped).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException)
            {
                // The handler was disposed.
            }
        }
    }
}
