using System.Text;

namespace Flink.Kubernetes.HA.KubeClient.Authentication;

/// <summary>What a plugin prints, up to a limit; the rest is read, so that the plugin is not held up, and dropped.</summary>
internal sealed class PluginOutput(StreamReader reader) : IDisposable
{
    private const int Longest = 1024 * 1024;

    private readonly StringBuilder _text = new();

    /// <summary>The text as far as it has come.</summary>
    public string Text
    {
        get
        {
            lock (_text)
            {
                return _text.ToString().Trim();
            }
        }
    }

    public bool IsTooLong { get; private set; }

    public async Task ReadToEndAsync()
    {
        var buffer = new char[4096];
        try
        {
            while (await reader.ReadAsync(buffer, CancellationToken.None).ConfigureAwait(false) is > 0 and var read)
            {
                Append(buffer.AsSpan(0, read));
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException or OperationCanceledException)
        {
            // The plugin was killed, and a child of it may still have held the pipe: what has come has to do.
        }
    }

    public void Dispose() => reader.Dispose();

    private void Append(ReadOnlySpan<char> read)
    {
        lock (_text)
        {
            IsTooLong |= _text.Length + read.Length > Longest;
            _text.Append(read[..Math.Min(read.Length, Longest - _text.Length)]);
        }
    }
}
