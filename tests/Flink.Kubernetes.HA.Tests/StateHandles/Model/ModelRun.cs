using System.Text;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.StateHandles;
using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.Tests.StateHandles.Model;

/// <summary>Runs a scenario in a world, and after each step compares what stands with the model.</summary>
internal sealed class ModelRun(StoreWorld world)
{
    private readonly StoreModel _model = new();
    private readonly ModelOperations _operations = new();
    private readonly HashSet<string> _numbers = [];
    private readonly StringBuilder _story = new();
    private ModelState _standing = ModelState.Empty;

    public Dictionary<Told, int> Told { get; } = [];

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
        Check(_standing[last.Name] is not null, "nothing can be written");
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

        leader.Process.Client.Heal();
    }

    private async Task OperateAsync(StoreLeader leader, StoreStep step)
    {
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var before = step.Fault?.CountCalls(leader.Process) ?? 0;
        using var fault = step.Fault?.Inject(leader.Process);
        bool HasStruck() => step.Fault is null || step.Fault.CountCalls(leader.Process) > before + step.Fault.After;
        var read = step.Kind == StepKind.Read;
        var operation = read ? null : _operations.Make(step, _standing);
        var run = read ? Task.Run(() => ReadAsync(leader, giveUp.Token), Token) : Task.Run(() => CallAsync(operation!, leader, giveUp.Token), Token);
        if (read)
        {
            await world.UntilAsync(() => run.IsCompleted || HasStruck(), "it was read");
            if (!run.IsCompleted)
            {
                await world.LapseAsync();
            }

            // Nobody but the caller ends a read that hangs.
            await giveUp.CancelAsync();
        }
        else if (step.Turn != Turn.None)
        {
            await world.UntilAsync(() => run.IsCompleted || HasStruck(), "the call was made");
            if (step.Turn == Turn.GiveUp)
            {
                await giveUp.CancelAsync();
            }
            else if (!run.IsCompleted)
            {
                await world.TurnAsync(step.Turn, leader);
            }
        }

        await world.WhileAsync(run, $"{step.Kind} ended");
        if (operation is not null)
        {
            var (told, refusal) = run.Result;
            Tell(told, refusal);
            Check(_model.Hear(leader.Token, operation.Changes, told, refusal, operation.Fits), $"the caller was told {told} {refusal}, and that can't be");
            HandOut(operation, told);
        }
    }

    private async Task WriteDeposedAsync(StoreLeader leader, StoreStep step)
    {
        var operation = _operations.Make(step, _standing);
        var run = Task.Run(() => CallAsync(operation, leader, Token), Token);
        await world.WhileAsync(run, $"{step.Kind} of a deposed leader ended");
        Tell(run.Result.Told, run.Result.Refusal);
        Check(run.Result.Told is not Model.Told.Written, $"{step.Kind} of a deposed leader was acknowledged");
    }

    private static async Task<(Told Told, Refusal Refusal)> CallAsync(ModelOperation operation, StoreLeader leader, CancellationToken cancellationToken)
    {
        try
        {
            var refusal = await operation.Run(leader.Store, cancellationToken);
            return (refusal == Refusal.None ? Model.Told.Written : Model.Told.Refused, refusal);
        }
        catch (StateHandleExistsException)
        {
            return (Model.Told.Refused, Refusal.Exists);
        }
        catch (StateHandleNotFoundException)
        {
            return (Model.Told.Refused, Refusal.NotFound);
        }
        catch (StateHandleChangedException)
        {
            return (Model.Told.Refused, Refusal.Changed);
        }
        catch (Exception exception) when (exception is LeadershipLostException or KubeClientException)
        {
            return (Model.Told.NotWritten, Refusal.None);
        }
        catch (StateStorageException)
        {
            // Where entries are removed their data goes after the write.
            return (operation.OnlyRemoves ? Model.Told.Written : operation.Removes ? Model.Told.Either : Model.Told.NotWritten, Refusal.None);
        }
        catch (StateOutcomeUnknownException)
        {
            return (Model.Told.Unknown, Refusal.None);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return (Model.Told.Unknown, Refusal.None);
        }
    }

    private async Task<(Told Told, Refusal Refusal)> ReadAsync(StoreLeader leader, CancellationToken cancellationToken)
    {
        try
        {
            var (state, _) = await ReadAsync(leader.Store.Reader, cancellationToken);
            Check(_model.IsPossible(state), $"the leader reads {state}");
        }
        catch (Exception exception) when (exception is KubeClientException or StateStorageException { Failure: not (StateStorageFailure.NotFound or StateStorageFailure.Corrupt) } or OperationCanceledException)
        {
            // It could not be read, which is no wrong answer.
        }

        return (Model.Told.NotWritten, Refusal.None);
    }

    /// <summary>Reads all there is, without faults: every pointer has its data.</summary>
    private async Task SeeAsync()
    {
        var leader = await world.LeadAsync();
        var (state, handles) = await ReadAsync(world.Reader, Token);
        _story.Append("\n    there stands ").Append(state);
        Check(_model.See(state, leader.Token), "that can't be");
        _standing = state;
        foreach (var handle in handles)
        {
            _operations.See(handle, state[handle.Name]!);
        }
    }

    private static async Task<(ModelState State, IReadOnlyList<StateHandle> Handles)> ReadAsync(StateHandleReader reader, CancellationToken cancellationToken)
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

        Check(data.ToHashSet().SetEquals(snapshot.Handles.Concat(snapshot.BeingRemoved).Select(handle => handle.State.Key.Value)), "data is left behind");
    }

    private void HandOut(ModelOperation operation, Told told)
    {
        if (operation.Number is { } number && told == Model.Told.Written)
        {
            Check(_numbers.Add(number), $"the number {number} was handed out twice");
        }
    }

    private void Tell(Told told, Refusal refusal)
    {
        Told[told] = Told.GetValueOrDefault(told) + 1;
        _story.Append("\n    ").Append(told).Append(refusal == Refusal.None ? string.Empty : $": {refusal}");
    }

    private void Check(bool holds, string what)
    {
        if (!holds)
        {
            Assert.Fail($"{what}; possible is: {_model.Possible}\n{_story}\n{world.Logs}");
        }
    }
}
