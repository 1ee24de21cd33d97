using Flink.Kubernetes.HA.Testing.Conformance.Storage;

namespace Flink.Kubernetes.HA.Testing;

/// <summary>One thing that every <see cref="Flink.Kubernetes.HA.Storage.IStateStorage"/> must do.</summary>
public sealed class StateStorageConformanceCase
{
    private readonly Func<StorageRun, Task> _body;

    internal StateStorageConformanceCase(string name, Func<StorageRun, Task> body) => (Name, _body) = (name, body);

    /// <summary>The case in one sentence; unique within its suite.</summary>
    public string Name { get; }

    /// <summary>Runs the case on a storage of its own.</summary>
    /// <param name="harness">The implementation under test.</param>
    /// <param name="cancellationToken">Ends the run.</param>
    /// <exception cref="ConformanceException">The implementation does not conform, or took longer than <see cref="StateStorageHarness.TimeLimit"/>.</exception>
    public async Task RunAsync(StateStorageHarness harness, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(harness);
        using var limit = new CancellationTokenSource(harness.TimeLimit, harness.TimeProvider);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            var name = $"c{Guid.NewGuid():N}";
            var storage = await harness.OpenAsync(name, linked.Token).ConfigureAwait(false);
            await _body(new StorageRun(harness, name, storage, linked.Token)).WaitAsync(linked.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException exception) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new ConformanceException($"Not done after {harness.TimeLimit.TotalSeconds:0} s.", exception);
        }
    }

    /// <summary>Returns the name.</summary>
    public override string ToString() => Name;
}
