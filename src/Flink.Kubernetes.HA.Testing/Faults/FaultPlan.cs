namespace Flink.Kubernetes.HA.Testing.Faults;

/// <summary>The rules in force and the calls that were made.</summary>
internal sealed class FaultPlan<TRule, TCall>(Func<TRule, TCall, bool> isAbout)
    where TRule : class, IFaultRule
    where TCall : notnull
{
    private readonly Lock _gate = new();
    private readonly List<InjectedRule> _rules = [];
    private readonly Dictionary<TCall, int> _counts = [];

    public IDisposable Add(TRule rule)
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
    public TRule? Next(TCall call)
    {
        lock (_gate)
        {
            _counts[call] = _counts.GetValueOrDefault(call) + 1;
            TRule? strikes = null;
            foreach (var injected in _rules)
            {
                var rule = injected.Rule;
                if (!isAbout(rule, call))
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

    public int Count(Func<TCall, bool> isCounted)
    {
        lock (_gate)
        {
            return _counts.Where(c => isCounted(c.Key)).Sum(c => c.Value);
        }
    }

    private sealed class InjectedRule(FaultPlan<TRule, TCall> plan, TRule rule) : IDisposable
    {
        public TRule Rule { get; } = rule;

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
