using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Flink.Kubernetes.HA.Diagnostics;

namespace Flink.Kubernetes.HA.KubeClient.Http;

/// <summary>One watch connection: opens it, yields its events, frees it.</summary>
internal static class WatchStream
{
    private static readonly StreamPipeReaderOptions PipeOptions = new(bufferSize: 16 << 10);

    public static async IAsyncEnumerable<WatchEvent<T>> ReadAsync<T>(
        RequestSender sender,
        KubeRequest request,
        KubeResource<T> resource,
        [EnumeratorCancellation] CancellationToken cancellationToken)
        where T : KubeObject
    {
        using var response = await sender.OpenAsync(request, cancellationToken).ConfigureAwait(false);
        using var any = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, sender.Disposed);
        ThrowIfNotJson(request, response);

        var pipe = PipeReader.Create(await response.Content.ReadAsStreamAsync(any.Token).ConfigureAwait(false), PipeOptions);
        var reason = "left or broken";
        try
        {
            var lines = new JsonLineReader(pipe);
            while (await NextAsync(sender, request, resource, lines, any.Token, cancellationToken).ConfigureAwait(false) is { } next)
            {
                yield return next;
            }

            reason = "ended by the server";
        }
        finally
        {
            Log.WatchStreamEnded(sender.Logger, request, reason);
            await pipe.CompleteAsync().ConfigureAwait(false);
        }
    }

    private static async ValueTask<WatchEvent<T>?> NextAsync<T>(
        RequestSender sender,
        KubeRequest request,
        KubeResource<T> resource,
        JsonLineReader lines,
        CancellationToken any,
        CancellationToken cancellationToken)
        where T : KubeObject
    {
        try
        {
            return await lines.ReadAsync(any).ConfigureAwait(false) is { } line ? WatchEventReader.Read(request, resource, line) : null;
        }
        catch (InvalidDataException exception)
        {
            throw UnexpectedAnswers.BadWatchEvent(request, exception.Message, [], exception);
        }
        catch (Exception exception) when (TransportFailures.Covers(exception))
        {
            cancellationToken.ThrowIfCancellationRequested();
            ObjectDisposedException.ThrowIf(sender.Disposed.IsCancellationRequested, typeof(HttpKubeClient));
            throw KubeFailures.ConnectionLost(request, null, exception);
        }
    }

    private static void ThrowIfNotJson(KubeRequest request, HttpResponseMessage response)
    {
        if (response.Content.Headers.ContentType?.MediaType is { } mediaType && mediaType != MediaTypes.Json)
        {
            throw UnexpectedAnswers.BadWatchEvent(request, $"the answer is {mediaType}, not {MediaTypes.Json}", []);
        }
    }
}
