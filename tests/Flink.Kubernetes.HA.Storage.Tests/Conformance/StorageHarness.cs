namespace Flink.Kubernetes.HA.Storage.Tests.Conformance;

/// <param name="open">Opens a storage by its name.</param>
internal sealed class StorageHarness(Func<string, IStateStorage> open) : StateStorageHarness
{
    private readonly Lock _gate = new();
    private readonly List<IStateStorage> _opened = [];

    public override Task<IStateStorage> OpenAsync(string name, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            var storage = open(name);
            _opened.Add(storage);
            return Task.FromResult(storage);
        }
    }

    public override ValueTask DisposeAsync()
    {
        foreach (var storage in _opened.OfType<IDisposable>())
        {
            storage.Dispose();
        }

        return base.DisposeAsync();
    }
}
