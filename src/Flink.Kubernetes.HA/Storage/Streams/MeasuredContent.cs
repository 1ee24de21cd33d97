using System.Security.Cryptography;

namespace Flink.Kubernetes.HA.Storage.Streams;

/// <summary>The content of a write; computes size and hash while it is read.</summary>
internal sealed class MeasuredContent(Stream content, IProgress<long>? progress) : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    public long Size { get; private set; }

    /// <summary>Fills the buffer, or as much of it as there is content left.</summary>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var count = 0;
        while (count < buffer.Length)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var more = await content.ReadAsync(buffer[count..], cancellationToken).ConfigureAwait(false);
            if (more == 0)
            {
                break;
            }

            count += more;
        }

        _hash.AppendData(buffer.Span[..count]);
        Size += count;
        return count;
    }

    /// <summary>Reports the number of bytes that were written to the storage.</summary>
    public void Report(long bytes) => progress?.Report(bytes);

    public StoredState ToState(StateKey key) => new(key, Size, Convert.ToHexStringLower(_hash.GetCurrentHash()));

    public void Dispose() => _hash.Dispose();
}
