namespace Flink.Kubernetes.HA.Tests.StateHandles.Model;

/// <summary>What was done in all.</summary>
internal sealed class ModelFigures
{
    private readonly Dictionary<Told, int> _told = [];
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
        foreach (var (told, count) in run.Told)
        {
            _told[told] = _told.GetValueOrDefault(told) + count;
        }
    }

    public override string ToString() =>
        $"{_runs} runs, {_steps} steps, {_faults} with faults, {_takeovers} takeovers in {TimeProvider.System.GetElapsedTime(_started).TotalSeconds:0.0} s; "
        + string.Join(", ", _told.OrderBy(told => told.Key).Select(told => $"{told.Value} {told.Key}"));
}
