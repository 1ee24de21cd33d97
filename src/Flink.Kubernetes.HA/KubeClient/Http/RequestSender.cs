using System.Diagnostics;
using System.Net;
using Flink.Kubernetes.HA.Diagnostics;
using Microsoft.Extensions.Logging;
using Polly;

namespace Flink.Kubernetes.HA.KubeClient.Http;

/// <summary>Carries a request through: time limit, retries where harmless, failures as <see cref="KubeClientException"/>, telemetry.</summary>
internal sealed class RequestSender : IAsyncDisposable
{
    // Far above what a list of full ConfigMaps takes; it keeps a runaway answer from taking the process's memory.
    private const long MaxBodyLength = 256 << 20;

    private readonly CancellationTokenSource _disposal = new();
    private readonly HttpTransport _transport;
    private readonly KubeClientOptions _options;
    private readonly TimeProvider _timeProvider;
    private readonly HaMetrics _metrics;
    private readonly ResiliencePipeline<Attempt> _retries;

    public RequestSender(HttpTransport transport, KubeClientOptions options, TimeProvider timeProvider, ILogger logger, HaMetrics metrics)
    {
        (_transport, _options, _timeProvider, Logger, _metrics) = (transport, options, timeProvider, logger, metrics);
        _retries = RetryPipeline.Create(options, timeProvider, logger);
        Disposed = _disposal.Token;
    }

    public ILogger Logger { get; }

    /// <summary>Fires when the client is disposed.</summary>
    public CancellationToken Disposed { get; }

    /// <summary>Returns the body of the answer.</summary>
    public async Task<byte[]> SendAsync(KubeRequest request, CancellationToken cancellationToken) =>
        (await CarryOutAsync(request, _retries, cancellationToken).ConfigureAwait(false)).Body!;

    /// <summary>Returns the answer to a watch as soon as its headers are there; the caller disposes it.</summary>
    public async Task<HttpResponseMessage> OpenAsync(KubeRequest request, CancellationToken cancellationToken) =>
        (await CarryOutAsync(request, ResiliencePipeline<Attempt>.Empty, cancellationToken).ConfigureAwait(false)).Stream!;

    public async ValueTask DisposeAsync()
    {
        await _disposal.CancelAsync().ConfigureAwait(false);
        _transport.Dispose();
    }

    private async Task<Attempt> CarryOutAsync(KubeRequest request, ResiliencePipeline<Attempt> retries, CancellationToken cancellationToken)
    {
        using var activity = RequestActivity.Start(request);
        try
        {
            var attempt = await TryUntilSettledAsync(request, activity, retries, cancellationToken).ConfigureAwait(false);
            return attempt.Failure is null ? attempt : throw attempt.Failure;
        }
        catch (Exception exception)
        {
            RequestActivity.Fail(activity, exception);
            throw;
        }
    }

    private async Task<Attempt> TryUntilSettledAsync(KubeRequest request, Activity? activity, ResiliencePipeline<Attempt> retries, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(Disposed.IsCancellationRequested, typeof(HttpKubeClient));
        using var limit = new CallLimit(_options.RequestTimeout, _timeProvider, Disposed, cancellationToken);
        Attempt? last = null;
        try
        {
            return await retries.ExecuteAsync(async _ => last = await TryAsync(request, activity, limit).ConfigureAwait(false), limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            limit.ThrowIfCancelled();
            // The time ran out while waiting for the next try: what the last one said is the better answer.
            return last ?? Attempt.Failed(request, KubeFailures.TimedOut(request, _options.RequestTimeout), TimeSpan.Zero);
        }
    }

    private async ValueTask<Attempt> TryAsync(KubeRequest request, Activity? activity, CallLimit limit)
    {
        var started = _timeProvider.GetTimestamp();
        HttpResponseMessage? response = null;
        Attempt? attempt = null;
        try
        {
            response = await _transport.SendAsync(request, limit).ConfigureAwait(false);
            attempt = await ReadAsync(request, response, limit).ConfigureAwait(false);
        }
        catch (KubeClientException exception)
        {
            attempt = Attempt.Failed(request, exception, _options.MaxRetryDelay);
        }
        catch (Exception exception) when (TransportFailures.Covers(exception))
        {
            var failure = TransportFailures.From(request, limit, _options.RequestTimeout, response?.StatusCode, exception);
            attempt = Attempt.Failed(request, failure, _options.MaxRetryDelay);
        }
        finally
        {
            activity?.SetTag("http.response.status_code", (int?)response?.StatusCode);
            Record(request, response, attempt, _timeProvider.GetElapsedTime(started));
            if (attempt?.Stream is null)
            {
                response?.Dispose();
            }
        }

        return attempt;
    }

    private async Task<Attempt> ReadAsync(KubeRequest request, HttpResponseMessage response, CallLimit limit)
    {
        if (response.StatusCode == HttpStatusCode.OK && request.Verb == "watch")
        {
            return new Attempt { Stream = response };
        }

        await response.Content.LoadIntoBufferAsync(MaxBodyLength, limit.Token).ConfigureAwait(false);
        var body = await response.Content.ReadAsByteArrayAsync(limit.Token).ConfigureAwait(false);
        return response.IsSuccessStatusCode
            ? new Attempt { Body = body }
            : Attempt.Failed(
                request,
                StatusFailures.FromAnswer(request, response.StatusCode, body, RetryAfter.Of(response, _timeProvider)),
                _options.MaxRetryDelay);
    }

    private void Record(KubeRequest request, HttpResponseMessage? response, Attempt? attempt, TimeSpan duration)
    {
        var status = (int?)response?.StatusCode;
        var failure = attempt is null ? "Cancelled" : attempt.Failure?.Failure.ToString();
        _metrics.RequestEnded(duration, request.Verb, request.Resource, RequestOutcome.Of(status, failure));
        if (failure is null)
        {
            Log.RequestAnswered(Logger, request, status ?? 0, duration.TotalMilliseconds, response!.Version);
        }
        else
        {
            Log.RequestFailed(Logger, failure, duration.TotalMilliseconds, attempt?.Failure?.Message ?? request.ToString());
        }
    }
}
