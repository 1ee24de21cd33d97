using Flink.Kubernetes.HA.ConfigMaps;
using Flink.Kubernetes.HA.LeaderElection;

namespace Flink.Kubernetes.HA.StateHandles.Writing;

/// <summary>Plain values in the ConfigMap of a term, which need no storage.</summary>
internal sealed class TermValues(LeadershipTerm term)
{
    private readonly TermWriter _writer = TermWriter.Of(term);

    public LeadershipTerm Term => term;

    public ObjectKey ConfigMap => _writer.ConfigMap;

    public ConfigMapReader Reader => _writer.Reader;

    public Task<ConfigMapContent> ReadAsync(CancellationToken cancellationToken) => _writer.ReadAsync(cancellationToken);

    /// <exception cref="StateHandleException">A value is not the expected one; nothing was written.</exception>
    /// <exception cref="LeadershipLostException">Leadership was lost before the write took effect; nothing was written.</exception>
    /// <exception cref="StateOutcomeUnknownException">Leadership was lost before it was known whether the change was made.</exception>
    public Task ChangeAsync(IEnumerable<ValueChange> changes, CancellationToken cancellationToken) =>
        _writer.CommitAsync(new ChangeSet([.. changes]), cancellationToken);

    public Task ChangeAsync(string key, string? expected, string? value, CancellationToken cancellationToken) =>
        ChangeAsync([new ValueChange(key, expected, value)], cancellationToken);

    /// <summary>Waits until the outcome of earlier writes with lost responses or canceled callers is known. A read after that is final.</summary>
    public async Task SettleAsync(string key, CancellationToken cancellationToken)
    {
        try
        {
            await ChangeAsync(key, expected: null, value: null, cancellationToken).ConfigureAwait(false);
        }
        catch (StateHandleException exception) when (exception.Failure == StateHandleFailure.Changed)
        {
            // Every write settles the earlier ones first, and this one was not meant to change anything.
        }
    }

    public static void Require(LeadershipTerm term, LeaderComponent component, string what)
    {
        ArgumentNullException.ThrowIfNull(term);
        if (term.Component != component)
        {
            throw new ArgumentException(
                $"{what} is in the ConfigMap of {component}, and this is a term of {term.Component}: open it from a term of {component}.", nameof(term));
        }
    }
}
