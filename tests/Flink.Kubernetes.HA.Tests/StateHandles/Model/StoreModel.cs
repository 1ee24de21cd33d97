namespace Flink.Kubernetes.HA.Tests.StateHandles.Model;

/// <summary>What the caller of an operation was told.</summary>
internal enum Told
{
    Written,
    Refused,
    NotWritten,

    /// <summary>Written or not, but not later.</summary>
    Either,

    /// <summary>Written or not, and perhaps later.</summary>
    Unknown,
}

/// <summary>
/// The reference: all that may stand after what callers were told. What stands is one thing again as soon as it is read,
/// but for writes without an outcome, which may come late as long as no other has taken over.
/// </summary>
internal sealed class StoreModel
{
    private readonly List<(long Token, IReadOnlyList<ModelChange> Changes)> _late = [];
    private HashSet<ModelState> _possible = [ModelState.Empty];

    public string Possible => string.Join(" | ", _possible);

    /// <summary>Returns false when what was told cannot be true.</summary>
    /// <param name="token">The fencing token of the term that did it.</param>
    /// <param name="changes">What it was to change.</param>
    /// <param name="told">What came of it.</param>
    /// <param name="refusal">As what it was refused.</param>
    /// <param name="fits">Whether the result that was returned fits what stood.</param>
    public bool Hear(long token, IReadOnlyList<ModelChange> changes, Told told, Refusal refusal, Func<ModelState, bool> fits)
    {
        var before = WithLate();
        switch (told)
        {
            case Told.Written:
                _possible = [.. before.Where(state => IsDone(changes, state) && fits(state)).Select(state => Do(changes, state))];

                // A write settles the ones before it.
                _late.Clear();
                break;
            case Told.Refused:
                _possible = [.. before.Where(state => changes.Any(change => ((change.Refuses(state[change.Key]) | (state[change.Key] is null ? change.MayRefuse : 0)) & refusal) != 0))];
                break;
            case Told.NotWritten:
                _possible = before;
                break;
            default:
                _possible = [.. before, .. before.Where(state => IsDone(changes, state)).Select(state => Do(changes, state))];
                if (told == Told.Unknown)
                {
                    _late.Add((token, changes));
                }

                break;
        }

        return _possible.Count > 0;
    }

    /// <summary>Returns false when that cannot stand.</summary>
    /// <param name="state">What was read.</param>
    /// <param name="token">The fencing token of who leads.</param>
    public bool See(ModelState state, long token)
    {
        var isPossible = WithLate().Contains(state);
        _possible = [state];
        _late.RemoveAll(write => write.Token < token);
        return isPossible;
    }

    /// <summary>Whether someone may read that.</summary>
    public bool IsPossible(ModelState state) => WithLate().Contains(state);

    private static bool IsDone(IReadOnlyList<ModelChange> changes, ModelState state) => changes.All(change => change.Refuses(state[change.Key]) == Refusal.None);

    private static ModelState Do(IReadOnlyList<ModelChange> changes, ModelState state) =>
        changes.Aggregate(state, (current, change) => current.With(change.Key, change.Next));

    private HashSet<ModelState> WithLate()
    {
        HashSet<ModelState> states = [.. _possible];
        foreach (var (_, changes) in _late)
        {
            states.UnionWith(states.Where(state => IsDone(changes, state)).Select(state => Do(changes, state)).ToList());
        }

        return states;
    }
}
