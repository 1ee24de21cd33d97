using Flink.Kubernetes.HA.Blobs;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.CleanUp;

/// <summary>Deletes data that was listed before its pointers were removed. Data that is written later has other keys and is not affected.</summary>
internal sealed class DataDeletion(LeadershipTerm term, IStateStorage storage)
{
    private readonly HashSet<StateKey> _listed = [];

    public async Task ListAsync(string prefix, CancellationToken cancellationToken)
    {
        await foreach (var entry in storage.ListAsync(prefix, cancellationToken).ConfigureAwait(false))
        {
            _listed.Add(entry.Key);
        }
    }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        foreach (var key in _listed.ToList())
        {
            term.ThrowIfNotLeading();
            await storage.DeleteAsync(key, cancellationToken).ConfigureAwait(false);
            _listed.Remove(key);
        }
    }
}
