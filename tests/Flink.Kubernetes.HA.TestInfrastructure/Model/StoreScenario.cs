using FsCheck;
using FsCheck.Fluent;

namespace Flink.Kubernetes.HA.TestInfrastructure.Model;

/// <summary>Steps to run one after the other.</summary>
internal sealed class StoreScenario(IReadOnlyList<StoreStep> steps)
{
    private static readonly StepKind[] Writes =
    [
        StepKind.Add, StepKind.Add, StepKind.Add, StepKind.TryAdd, StepKind.Replace, StepKind.Replace, StepKind.ReplaceByName, StepKind.TryReplace,
        StepKind.Remove, StepKind.Remove, StepKind.RemoveByName, StepKind.Clear, StepKind.TakeNumber, StepKind.TakeNumber, StepKind.Checkpoint,
        StepKind.Checkpoint, StepKind.BatchOfAll,
    ];

    public IReadOnlyList<StoreStep> Steps => steps;

    /// <summary>Whatever can go wrong, in up to about as many steps as FsCheck says.</summary>
    public static Arbitrary<StoreScenario> WithFaults { get; } = Arb.From(
        Gen.Sized(size => Gen.Choose(1, Math.Max(size, 1)).SelectMany(count => Gen.ListOf(Step(), count))).Select(steps => new StoreScenario([.. steps])),
        scenario => scenario.Shrink());

    /// <summary>Nothing goes wrong but that leaders come and go.</summary>
    public static Gen<StoreScenario> WithTurns(int count) => Gen.ListOf(
        Gen.Frequency(
            (30, Write()),
            (3, Gen.Constant(new StoreStep(StepKind.Read, 0))),
            (1, Pick(Turn.Crash, Turn.Vanish, Turn.HandOver, Turn.HandOver, Turn.TearLock).Select(turn => new StoreStep(StepKind.Turn, 0, Turn: turn))),
            (1, from write in Write() from turn in Pick(Turn.Crash, Turn.HandOver, Turn.TearLock, Turn.Cancel) select write with { Turn = turn }),
            (1, Key().Select(key => new StoreStep(StepKind.WriteDeposed, key)))),
        count).Select(steps => new StoreScenario([.. steps]));

    public override string ToString() => string.Concat(steps.Select((step, index) => $"\n  {index + 1}. {step}"));

    private static Gen<StoreStep> Step() => Gen.Frequency(
        (12, Write()),
        (12, from write in Write() from fault in Fault() select Faulty(write, fault, Turn.None)),
        (5, from write in Write() from fault in Fault() from turn in SomeTurn() select Faulty(write, fault, turn)),
        (1, from fault in Fault() select new StoreStep(StepKind.Read, 0, Fault: fault)),
        (1, Gen.Constant(new StoreStep(StepKind.Lapse, 0))),
        (1, from turn in Pick(Turn.Crash, Turn.Vanish, Turn.HandOver, Turn.TearLock) select new StoreStep(StepKind.Turn, 0, Turn: turn)),
        (1, Key().Select(key => new StoreStep(StepKind.WriteDeposed, key))));

    private static StoreStep Faulty(StoreStep write, StepFault fault, Turn turn) => write with { Fault = fault, Turn = turn };

    private static Gen<StoreStep> Write() =>
        from kind in Pick(Writes)
        from key in Key()
        from stale in Gen.Choose(0, 5)
        select new StoreStep(kind, key, stale == 0);

    private static Gen<StepFault> Fault() => Gen.Frequency(
        (3, from fault in Pick([.. StepFault.OfApi, .. StepFault.OfApi.Where(fault => fault.Name.StartsWith("comes", StringComparison.Ordinal))])
            from verb in Pick("patch", "patch", "patch", "get")
            from after in Gen.Choose(0, 3)
            from times in Pick(1, 1, 2, 5)
            select StepFault.AtApi(fault.Name, fault.Rule, verb, after / 2, times)),
        (1, from fault in Pick([.. StepFault.OfStorage])
            from verb in Pick("write", "delete")
            from after in Gen.Choose(0, 1)
            from times in Pick(1, 1, 2)
            select StepFault.AtStorage(fault.Name, fault.Rule, verb, after, times)));

    private static Gen<Turn> SomeTurn() => Pick(Turn.Crash, Turn.Vanish, Turn.HandOver, Turn.TearLock, Turn.TearLock, Turn.Cancel, Turn.Cancel);

    // Mostly the same one: what comes late does harm where the same entry has come and gone.
    private static Gen<int> Key() => Gen.Frequency((3, Gen.Constant(0)), (2, Gen.Choose(0, StoreStep.Keys - 1)));

    private static Gen<T> Pick<T>(params T[] values) => Gen.Elements(values);

    private IEnumerable<StoreScenario> Shrink()
    {
        for (var length = steps.Count / 2; length > 0; length /= 2)
        {
            for (var from = 0; from + length <= steps.Count; from += length)
            {
                yield return new StoreScenario([.. steps.Take(from), .. steps.Skip(from + length)]);
            }
        }

        for (var at = 0; at < steps.Count; at++)
        {
            foreach (var simpler in steps[at].Shrink())
            {
                yield return new StoreScenario([.. steps.Take(at), simpler, .. steps.Skip(at + 1)]);
            }
        }
    }
}
