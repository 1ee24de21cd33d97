namespace Flink.Kubernetes.HA.Testing.Faults;

/// <summary>One open watch that can be cut or silenced from outside.</summary>
internal sealed class FaultyWatch : IDisposable
{
    private readonly CancellationTokenSource _cut = new();
    private volatile bool _silenced;

    public CancellationToken CutToken => _cut.Token;

    public bool IsCut => _cut.IsCancellationRequested;

    public bool IsSilenced => _silenced;

    public void Silence() => _silenced = true;

    public void Cut()
    {
        try
        {
            _cut.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It ended in the same moment.
        }
    }

    public void Dispose() => _cut.Dispose();
}
