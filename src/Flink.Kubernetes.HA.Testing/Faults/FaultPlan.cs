namespace Flink.Kubernetes.HA.Testing.Faults;

/// <summary>The rules in force and the calls that were made.</summary>
internal sealed class FaultPlan
{
    private readonly Lock _gate = new();
    private readonly List<InjectedRule> _rules = [];
    private readonly Dictionary<FaultableCall, int> _counts = [];

    public IDisposable Add(FaultRule rule)
    {
        var injected = new InjectedRule(this, rule);
        lock (_gate)
        {
            _rules.Add(injected);
        }

        return injected;
    }

    public void Clear()
    {
        lock (_gate)
        {
            _rules.Clear();
        }
    }

    /// <summary>Counts the call and returns the rule that strikes it.</summary>
    public FaultRule? Next(FaultableCall call)
    {
        lock (_gate)
        {
            _counts[call] = _counts.GetValueOrDefault(call) + 1;
            FaultRule? strikes = null;
            foreach (var injected in _rules)
            {
                var rule = injected.Rule;
                if (!call.IsAbout(rule.Verb, rule.Resource, rule.Name))
                {
                    continue;
                }

                injected.Seen++;
                if (strikes is null && injected.Seen > rule.After && (rule.Times is null || injected.Struck < rule.Times))
                {
                    injected.Struck++;
                    strikes = rule;
                }
            }

            return strikes;
        }
    }

    public int Count(string? verb, string? resource, string? name)
    {
        lock (_gate)
        {
            return _counts.Where(c => c.Key.IsAbout(verb, resource, name)).Sum(c => c.Value);
        }
    }

    private sealed class InjectedRule(FaultPlan plan, FaultRule rule) : IDisposable
    {
        public FaultRule Rule { get; } = rule;

        public int Seen { get; set; }

        public int Struck { get; set; }

        public void Dispose()
        {
            lock (plan._gate)
            {
                plan._rules.Remove(this);
            }
        }
    }
}
