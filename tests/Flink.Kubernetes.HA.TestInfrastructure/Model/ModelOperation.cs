namespace Flink.Kubernetes.HA.TestInfrastructure.Model;

/// <summary>An operation as it is called, and what it means.</summary>
/// <param name="Changes">What it changes.</param>
/// <param name="Run">Calls it; returns a refusal that was no exception.</param>
/// <param name="Fits">Whether what it returned fits what was stored before it.</param>
/// <param name="Number">The number that it hands out.</param>
internal sealed record ModelOperation(
    IReadOnlyList<ModelChange> Changes, Func<StateHandleStore, CancellationToken, Task<Refusal>> Run, Func<ModelState, bool> Fits, string? Number = null)
{
    public bool Removes => Changes.Any(change => change.Next is null);

    public bool OnlyRemoves => Changes.All(change => change.Next is null);
}
