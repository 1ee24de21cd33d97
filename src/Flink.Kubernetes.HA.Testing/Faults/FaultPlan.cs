namespace Flink.Kubernetes.HA.Testing.Faults;

/// <summary>The faults in force and the calls that were made.</summary>
internal sealed class FaultPlan<TCall>(Func<Fault, TCall, bool> isAbout)
    where TCall : notnull
{
    private readonly Lock _gate = new();
    private readonly List<InjectedFault> _faults = [];
    private readonly Dictionary<TCall, int> _counts = [];

    public IDisposable Add(Fault fault)
    {
        var injected = new InjectedFault(this, fault);
        lock (_gate)
        {
            _faults.Add(injected);
        }

        return injected;
    }

    public void Clear()
    {
        lock (_gate)
        {
            _faults.Clear();
        }
    }

    /// <summary>Counts the call and returns the fault that strikes it.</summary>
    public Fault? Next(TCall call)
    {
        lock (_gate)
        {
            _counts[call] = _counts.GetValueOrDefault(call) + 1;
            Fault? strikes = null;
            foreach (var injected in _faults)
            {
                var fault = injected.Fault;
                if (!isAbout(fault, call))
                {
                    continue;
                }

                injected.Seen++;
                if (strikes is null && injected.Seen > fault.After && (fault.Times is null || injected.Struck < fault.Times))
                {
                    injected.Struck++;
                    strikes = fault;
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

    private sealed class InjectedFault(FaultPlan<TCall> plan, Fault fault) : IDisposable
    {
        public Fault Fault { get; } = fault;

        public int Seen { get; set; }

        public int Struck { get; set; }

        public void Dispose()
        {
            lock (plan._gate)
            {
                plan._faults.Remove(this);
            }
        }
    }
}
