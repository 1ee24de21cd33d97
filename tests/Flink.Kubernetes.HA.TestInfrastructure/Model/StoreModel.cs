namespace Flink.Kubernetes.HA.TestInfrastructure.Model;

/// <summary>What the caller of an operation knows of it afterwards.</summary>
internal enum Outcome
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
/// The reference: all that may be stored, given the outcomes that callers saw. It is one state again as soon as it is read,
/// except for writes of unknown outcome, which may come late as long as no other has taken over.
/// </summary>
internal sealed class StoreModel
{
    private readonly List<(long Token, IReadOnlyList<ModelChange> Changes)> _late = [];
    private HashSet<ModelState> _possible = [ModelState.Empty];

    public string Possible => string.Join(" | ", _possible);

    /// <summary>Returns false if the outcome is not possible.</summary>
    /// <param name="token">The fencing token of the term that did it.</param>
    /// <param name="changes">What it was to change.</param>
    /// <param name="outcome">What came of it.</param>
    /// <param name="refusal">As what it was refused.</param>
    /// <param name="fits">Whether the result that was returned fits what was stored.</param>
    public bool Record(long token, IReadOnlyList<ModelChange> changes, Outcome outcome, Refusal refusal, Func<ModelState, bool> fits)
    {
        var before = WithLate();
        switch (outcome)
        {
            case Outcome.Written:
                _possible = [.. before.Where(state => IsDone(changes, state) && fits(state)).Select(state => Do(changes, state))];

                // A write settles the ones before it.
                _late.Clear();
                break;
            case Outcome.Refused:
                _possible = [.. before.Where(state => changes.Any(change => (change.AllRefusals(state[change.Key]) & refusal) != 0))];
                break;
            case Outcome.NotWritten:
                _possible = before;
                break;
            default:
                _possible = [.. before, .. before.Where(state => IsDone(changes, state)).Select(state => Do(changes, state))];
                if (outcome == Outcome.Unknown)
                {
                    _late.Add((token, changes));
                }

                break;
        }

        return _possible.Count > 0;
    }

    /// <summary>Returns false if that cannot be stored.</summary>
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

    private static bool IsDone(IReadOnlyList<ModelChange> changes, ModelState state) =>
        changes.All(change => change.Refuses(state[change.Key]) == Refusal.None);

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
