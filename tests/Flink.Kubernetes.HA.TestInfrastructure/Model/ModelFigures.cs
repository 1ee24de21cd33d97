namespace Flink.Kubernetes.HA.TestInfrastructure.Model;

/// <summary>What was done in all.</summary>
internal sealed class ModelFigures
{
    private readonly Dictionary<Outcome, int> _outcomes = [];
    private readonly long _started = TimeProvider.System.GetTimestamp();
    private int _runs;
    private int _steps;
    private int _faults;
    private int _takeovers;

    public void Add(StoreScenario scenario, ModelRun run, StoreWorld world)
    {
        _runs++;
        _steps += scenario.Steps.Count;
        _faults += scenario.Steps.Count(step => step.Fault is not null);
        _takeovers += world.Takeovers;
        foreach (var (outcome, count) in run.Outcomes)
        {
            _outcomes[outcome] = _outcomes.GetValueOrDefault(outcome) + count;
        }
    }

    public override string ToString() =>
        $"{_runs} runs, {_steps} steps, {_faults} with faults, {_takeovers} takeovers in {TimeProvider.System.GetElapsedTime(_started).TotalSeconds:0.0} s; "
        + string.Join(", ", _outcomes.OrderBy(outcome => outcome.Key).Select(outcome => $"{outcome.Value} {outcome.Key}"));
}
