namespace Flink.Kubernetes.HA.Testing.Conformance.Storage;

/// <summary>Keeps what is reported, on the reporting thread and in its order.</summary>
internal sealed class ProgressRecord : IProgress<long>
{
    private readonly Lock _gate = new();
    private readonly List<long> _reports = [];

    internal IReadOnlyList<long> Reports
    {
        get
        {
            lock (_gate)
            {
                return [.. _reports];
            }
        }
    }

    public void Report(long value)
    {
        lock (_gate)
        {
            _reports.Add(value);
        }
    }
}
