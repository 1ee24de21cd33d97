using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.StateHandles;
using Flink.Kubernetes.HA.StateHandles.Changes;
using Flink.Kubernetes.HA.StateHandles.Writing;

namespace Flink.Kubernetes.HA.Jobs;

/// <summary>Plain values in the ConfigMap of a term: they need no storage.</summary>
internal sealed class TermValues(LeadershipTerm term)
{
    private readonly TermWriter _writer = TermWriter.Of(term);

    public LeadershipTerm Term => term;

    public ObjectKey ConfigMap => _writer.ConfigMap;

    public ConfigMapReader Reader => _writer.Reader;

    public Task<ConfigMapContent> ReadAsync(CancellationToken cancellationToken) => _writer.ReadAsync(cancellationToken);

    /// <exception cref="StateHandleChangedException">A value is not the expected one; nothing was written.</exception>
    /// <exception cref="LeadershipLostException">The term leads no more; nothing was written.</exception>
    /// <exception cref="StateOutcomeUnknownException">Leadership was lost before it was known whether the change was made.</exception>
    public Task ChangeAsync(IEnumerable<ValueChange> changes, CancellationToken cancellationToken) =>
        // Values bring no data and leave none behind: the storage is never asked.
        new Commit(_writer, new StoredContents(null!, term), [.. changes]).RunAsync(cancellationToken);

    public Task ChangeAsync(string key, string? expected, string? value, CancellationToken cancellationToken) =>
        ChangeAsync([new ValueChange(key, expected, value)], cancellationToken);

    /// <summary>Waits until it is known what became of writes whose callers gave up; what is read after it is the truth.</summary>
    public async Task SettleAsync(string key, CancellationToken cancellationToken)
    {
        try
        {
            await ChangeAsync(key, expected: null, value: null, cancellationToken).ConfigureAwait(false);
        }
        catch (StateHandleChangedException)
        {
            // A write of any kind settles those before it, and this one was not to change anything.
        }
    }

    public static void Require(LeadershipTerm term, LeaderComponent component, string what)
    {
        ArgumentNullException.ThrowIfNull(term);
        if (term.Component != component)
        {
            throw new ArgumentException($"{what} is in the ConfigMap of {component}, and this is a term of {term.Component}: open it from a term of {component}.", nameof(term));
        }
    }
}
