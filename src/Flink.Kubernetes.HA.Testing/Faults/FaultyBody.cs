using Flink.Kubernetes.HA.Storage.Streams;
using Flink.Kubernetes.HA.Testing.ApiServer;

namespace Flink.Kubernetes.HA.Testing.Faults;

/// <summary>The body of an answer that stalls or breaks, or of a watch that may.</summary>
internal sealed class FaultyBody : ReadStream
{
    private readonly HttpContent _content;
    private readonly WatchConnection? _watch;
    private Stream _stream;
    private Fault? _fault;
    private long _passed;

    private FaultyBody(HttpContent content, Stream stream, Fault? fault, WatchConnection? watch) =>
        (_content, _stream, _fault, _watch) = (content, stream, fault, watch);

    private bool CountsEvents => _fault is { Kind: FaultKind.CutWatch or FaultKind.SilenceWatch or FaultKind.ExpireWatch };

    /// <summary>Puts it in the place of the answer's body; it then owns the watch.</summary>
    public static async Task WrapAsync(HttpResponseMessage response, Fault? fault, WatchConnection? watch, CancellationToken cancellationToken)
    {
        var content = response.Content;
        var body = new FaultyBody(content, await content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false), fault, watch);
        response.Content = new StreamContent(body);
        foreach (var (name, values) in content.Headers.NonValidated)
        {
            response.Content.Headers.TryAddWithoutValidation(name, values);
        }
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        using var linked = _watch?.LinkTo(cancellationToken);
        try
        {
            return _watch is { IsCut: true } ? throw Network.Broken() : await NextAsync(buffer, linked?.Token ?? cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_watch is { IsCut: true } && !cancellationToken.IsCancellationRequested)
        {
            throw Network.Broken();
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _stream.Dispose();
            _content.Dispose();
            _watch?.Dispose();
        }

        base.Dispose(disposing);
    }

    private async ValueTask<int> NextAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (_fault is { } fault && _passed >= fault.Count)
        {
            await StrikeAsync(fault.Kind, cancellationToken).ConfigureAwait(false);
        }

        var limit = _fault is null || CountsEvents ? buffer.Length : (int)Math.Min(buffer.Length, _fault.Count - _passed);
        while (true)
        {
            var count = 0;
            try
            {
                count = await _stream.ReadAsync(buffer[..limit], cancellationToken).ConfigureAwait(false);
            }
            catch (IOException) when (_watch is { IsSilenced: true })
            {
                // Of a silent connection it is not seen either that it broke.
            }

            if (_watch is not { IsSilenced: true })
            {
                return Pass(buffer.Span[..count]);
            }

            if (count == 0)
            {
                await NeverAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task StrikeAsync(FaultKind kind, CancellationToken cancellationToken)
    {
        _fault = null;
        switch (kind)
        {
            case FaultKind.StallBody:
                await NeverAsync(cancellationToken).ConfigureAwait(false);
                break;
            case FaultKind.SilenceWatch:
                _watch?.Silence();
                break;
            case FaultKind.ExpireWatch:
                await _stream.DisposeAsync().ConfigureAwait(false);
                _stream = new MemoryStream(WatchJson.Event("ERROR", JsonText.ToUtf8(ApiError.Expired("too old resource version (injected)").ToStatus())));
                break;
            default:
                throw Network.Broken();
        }
    }

    /// <summary>How much of what was read gets through before the fault strikes.</summary>
    private int Pass(ReadOnlySpan<byte> bytes)
    {
        if (!CountsEvents)
        {
            _passed += bytes.Length;
            return bytes.Length;
        }

        for (var i = 0; i < bytes.Length; i++)
        {
            if (bytes[i] == '\n' && ++_passed == _fault!.Count)
            {
                return i + 1;
            }
        }

        return bytes.Length;
    }

    private static Task NeverAsync(CancellationToken cancellationToken) => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
}
