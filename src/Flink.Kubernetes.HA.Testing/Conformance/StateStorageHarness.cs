using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.Testing;

/// <summary>What the conformance suite needs of an <see cref="IStateStorage"/>.</summary>
/// <remarks>One harness may run many cases, also at once: every case asks for a storage of its own.</remarks>
public abstract class StateStorageHarness : IAsyncDisposable
{
    /// <summary>The clock of the time limits.</summary>
    /// <value>Default: <see cref="TimeProvider.System"/>.</value>
    public virtual TimeProvider TimeProvider => TimeProvider.System;

    /// <summary>How long one case may take.</summary>
    /// <value>Default: 60 s.</value>
    public virtual TimeSpan TimeLimit => TimeSpan.FromSeconds(60);

    /// <summary>Opens a storage. A new name has no data yet; the same name has the same data, as for another process.</summary>
    /// <param name="name">The name, of lower-case letters and digits.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public abstract Task<IStateStorage> OpenAsync(string name, CancellationToken cancellationToken);

    /// <summary>Releases what the harness holds.</summary>
    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }
}
