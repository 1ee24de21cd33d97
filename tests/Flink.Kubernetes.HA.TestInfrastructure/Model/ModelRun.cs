using FluentAssertions.Execution;

namespace Flink.Kubernetes.HA.TestInfrastructure.Model;

/// <summary>Runs a scenario in a world, and compares what is stored with the model after each step.</summary>
internal sealed class ModelRun(StoreWorld world)
{
    private readonly StoreModel _model = new();
    private readonly ModelOperations _operations = new();
    private readonly HashSet<string> _numbers = [];
    private readonly StringBuilder _story = new();
    private ModelState _stored = ModelState.Empty;

    public Dictionary<Outcome, int> Outcomes { get; } = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async Task RunAsync(StoreScenario scenario)
    {
        foreach (var step in scenario.Steps)
        {
            _story.Append('\n').Append(step);
            await RunAsync(step);
            await SeeAsync();
        }

        await world.LapseAsync();
        await SeeAsync();

        // When all is well again whoever leads can write.
        var last = new StoreStep(StepKind.RemoveByName, 0);
        await RunAsync(last);
        await RunAsync(last with { Kind = StepKind.Add });
        await SeeAsync();
        Check(_stored[last.Name] is not null, "nothing can be written");
        if (scenario.Steps.All(step => step.Fault is null && step.Turn == Turn.None && step.Kind != StepKind.WriteDeposed))
        {
            await NothingIsLeftBehindAsync();
        }
    }

    private async Task RunAsync(StoreStep step)
    {
        var leader = await world.LeadAsync();
        switch (step.Kind)
        {
            case StepKind.Lapse:
                await world.LapseAsync();
                break;
            case StepKind.Turn:
                await world.TurnAsync(step.Turn, leader);
                break;
            case StepKind.WriteDeposed:
                await world.TurnAsync(Turn.TearLock, leader);
                await SeeAsync();
                foreach (var kind in new[] { StepKind.TakeNumber, StepKind.Add, StepKind.ReplaceByName, StepKind.RemoveByName, StepKind.Checkpoint })
                {
                    await WriteDeposedAsync(leader, step with { Kind = kind });
                }

                break;
            default:
                await OperateAsync(leader, step);
                break;
        }

        leader.Process.Network.Heal();
    }

    private async Task OperateAsync(StoreLeader leader, StoreStep step)
    {
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var before = step.Fault?.CountCalls(leader.Process) ?? 0;
        using var fault = step.Fault?.Inject(leader.Process);
        bool HasStruck() => step.Fault is null || step.Fault.CountCalls(leader.Process) > before + step.Fault.After;
        var read = step.Kind == StepKind.Read;
        var operation = read ? null : _operations.Make(step, _stored);
        var run = Task.Run(() => read ? ReadAsync(leader, cancellation.Token) : CallAsync(operation!, leader, cancellation.Token), Token);
        if (read)
        {
            await world.UntilAsync(() => run.IsCompleted || HasStruck(), "it was read");
            if (!run.IsCompleted)
            {
                await world.LapseAsync();
            }

            // Nobody but the caller ends a read that hangs.
            await cancellation.CancelAsync();
        }
        else if (step.Turn != Turn.None)
        {
            await world.UntilAsync(() => run.IsCompleted || HasStruck(), "the call was made");
            if (step.Turn == Turn.Cancel)
            {
                await cancellation.CancelAsync();
            }
            else if (!run.IsCompleted)
            {
                await world.TurnAsync(step.Turn, leader);
            }
        }

        await world.WhileAsync(run, $"{step.Kind} ended");
        if (operation is not null)
        {
            var (outcome, refusal) = run.Result;
            Note(outcome, refusal);
            Check(_model.Record(leader.Token, operation.Changes, outcome, refusal, operation.Fits), $"the outcome {outcome} {refusal} is not possible");
            HandOut(operation, outcome);
        }
    }

    private async Task WriteDeposedAsync(StoreLeader leader, StoreStep step)
    {
        var operation = _operations.Make(step, _stored);
        var run = Task.Run(() => CallAsync(operation, leader, Token), Token);
        await world.WhileAsync(run, $"{step.Kind} of a deposed leader ended");
        Note(run.Result.Outcome, run.Result.Refusal);
        Check(run.Result.Outcome is not Outcome.Written, $"{step.Kind} of a deposed leader was acknowledged");
    }

    private static async Task<(Outcome Outcome, Refusal Refusal)> CallAsync(ModelOperation operation, StoreLeader leader, CancellationToken cancellationToken)
    {
        try
        {
            var refusal = await operation.Run(leader.Store, cancellationToken);
            return (refusal == Refusal.None ? Outcome.Written : Outcome.Refused, refusal);
        }
        catch (Exception exception) when (OutcomeOf(exception, operation, cancellationToken) is { } outcome)
        {
            return outcome;
        }
    }

    private static (Outcome Outcome, Refusal Refusal)? OutcomeOf(Exception exception, ModelOperation operation, CancellationToken token) => exception switch
    {
        StateHandleException { Failure: StateHandleFailure.AlreadyExists } => (Outcome.Refused, Refusal.Exists),
        StateHandleException { Failure: StateHandleFailure.NotFound } => (Outcome.Refused, Refusal.NotFound),
        StateHandleException { Failure: StateHandleFailure.Changed } => (Outcome.Refused, Refusal.Changed),
        LeadershipLostException or KubernetesHaException => (Outcome.NotWritten, Refusal.None),

        // The data of removed entries is deleted after the write.
        StateStorageException => (operation.OnlyRemoves ? Outcome.Written : operation.Removes ? Outcome.Either : Outcome.NotWritten, Refusal.None),
        StateOutcomeUnknownException => (Outcome.Unknown, Refusal.None),
        OperationCanceledException when token.IsCancellationRequested => (Outcome.Unknown, Refusal.None),
        _ => null,
    };

    private async Task<(Outcome Outcome, Refusal Refusal)> ReadAsync(StoreLeader leader, CancellationToken cancellationToken)
    {
        try
        {
            var (state, _) = await ReadAsync(leader.Store.Reader, cancellationToken);
            Check(_model.IsPossible(state), $"the leader reads {state}");
        }
        catch (Exception exception) when (exception is KubernetesHaException or OperationCanceledException
            or StateStorageException { Failure: not (StateStorageFailure.NotFound or StateStorageFailure.Corrupt) })
        {
            // That it could not be read is no wrong answer.
        }

        return (Outcome.NotWritten, Refusal.None);
    }

    /// <summary>Reads all there is, without faults: every pointer has its data.</summary>
    private async Task SeeAsync()
    {
        var leader = await world.LeadAsync();
        var (state, handles) = await ReadAsync(world.Reader, Token);
        _story.Append("\n    stored is ").Append(state);
        Check(_model.See(state, leader.Token), "that is not possible");
        _stored = state;
        foreach (var handle in handles)
        {
            _operations.See(handle, state[handle.Name]!);
        }
    }

    private static async Task<(ModelState State, IReadOnlyList<StateHandle> Handles)> ReadAsync(
        StateHandleReader reader, CancellationToken cancellationToken)
    {
        var snapshot = await reader.ReadAsync(cancellationToken);
        var state = ModelState.Empty.With("counter", snapshot.TryGetValue("counter"));
        foreach (var handle in snapshot.Handles)
        {
            state = state.With(handle.Name, Encoding.UTF8.GetString(await reader.ReadBytesAsync(handle, cancellationToken)));
        }

        return (state, snapshot.Handles);
    }

    private async Task NothingIsLeftBehindAsync()
    {
        var snapshot = await world.Reader.ReadAsync(Token);
        List<string> data = [];
        await foreach (var entry in world.Data.ListAsync(cancellationToken: Token))
        {
            data.Add(entry.Key.Value);
        }

        Check(data.ToHashSet().SetEquals(snapshot.Handles.Select(handle => handle.State.Key.Value)), "data is left behind");
    }

    private void HandOut(ModelOperation operation, Outcome outcome)
    {
        if (operation.Number is { } number && outcome == Outcome.Written)
        {
            Check(_numbers.Add(number), $"the number {number} was handed out twice");
        }
    }

    private void Note(Outcome outcome, Refusal refusal)
    {
        Outcomes[outcome] = Outcomes.GetValueOrDefault(outcome) + 1;
        _story.Append("\n    ").Append(outcome).Append(refusal == Refusal.None ? string.Empty : $": {refusal}");
    }

    private void Check(bool holds, string what)
    {
        if (!holds)
        {
            throw new AssertionFailedException($"{what}; possible is: {_model.Possible}\n{_story}\n{world.Logs}");
        }
    }
}
