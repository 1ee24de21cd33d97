using System.Security.Cryptography;

namespace Flink.Kubernetes.HA.Storage.Streams;

/// <summary>Verifies data while it is read: the last bytes are returned only if size and SHA-256 are correct.</summary>
internal sealed class VerifyingStream(Stream content, StoredState expected, string storage, IProgress<long>? progress) : ReadStream
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private StateStorageException? _failure;
    private long _read;
    private bool _verified;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_failure is not null)
        {
            // A caller that continues reading after a failure must not mistake it for the end of the data.
            throw new StateStorageException(_failure.Failure, _failure.Message, _failure) { Key = expected.Key, Location = storage };
        }

        if (_verified || buffer.IsEmpty)
        {
            return 0;
        }

        var left = expected.Size < 0 ? throw Corrupt($"no data has a size of {expected.Size} bytes") : expected.Size - _read;
        var window = buffer.Length > left ? buffer[..(int)left] : buffer;
        var count = window.IsEmpty ? 0 : await content.ReadAsync(window, cancellationToken).ConfigureAwait(false);
        if (count == 0 && left > 0)
        {
            throw Corrupt($"it ends after {_read} of {expected.Size} bytes");
        }

        _hash.AppendData(window.Span[..count]);
        if (_read + count == expected.Size)
        {
            await VerifyAsync(window[..count], cancellationToken).ConfigureAwait(false);
        }

        _read += count;
        progress?.Report(_read);
        return count;
    }

    public override async ValueTask DisposeAsync()
    {
        await content.DisposeAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _hash.Dispose();
            content.Dispose();
        }

        base.Dispose(disposing);
    }

    private async ValueTask VerifyAsync(Memory<byte> last, CancellationToken cancellationToken)
    {
        try
        {
            if (await content.ReadAsync(new byte[1], cancellationToken).ConfigureAwait(false) != 0)
            {
                throw Corrupt($"it continues after {expected.Size} bytes");
            }

            var actual = Convert.ToHexStringLower(_hash.GetHashAndReset());
            _verified = string.Equals(actual, expected.Sha256, StringComparison.OrdinalIgnoreCase)
                ? true
                : throw Corrupt($"its SHA-256 is {actual}, not {expected.Sha256}");
        }
        catch (Exception exception)
        {
            // These bytes were hashed and cannot be read again; the caller must not get them unverified.
            last.Span.Clear();
            _failure ??= exception as StateStorageException
                ?? new StateStorageException(StateStorageFailure.Other, $"Reading {expected.Key} in {storage} was interrupted at its end: open it again.", exception);
            throw;
        }
    }

    private StateStorageException Corrupt(string what) => _failure ??= new(
        StateStorageFailure.Corrupt,
        $"The data '{expected.Key}' in {storage} is not what was written: {what}. It must not be used: restore it from a copy, "
        + "or continue without it.")
    {
        Key = expected.Key,
        Location = storage,
    };
}
