namespace Flink.Kubernetes.HA.TestInfrastructure.Model;

/// <summary>What a step does.</summary>
internal enum StepKind
{
    Add,
    TryAdd,
    Replace,
    ReplaceByName,
    TryReplace,
    Remove,
    RemoveByName,
    Clear,
    TakeNumber,
    Checkpoint,
    BatchOfAll,
    Read,

    /// <summary>Time goes by.</summary>
    Lapse,

    /// <summary>Only the turn.</summary>
    Turn,

    /// <summary>The lock is torn from the leader, and it writes on.</summary>
    WriteDeposed,
}

/// <summary>What happens to the leader, during an operation if there is one.</summary>
internal enum Turn
{
    None,

    /// <summary>It dies, its connections with it, and another takes over.</summary>
    Crash,

    /// <summary>As a crash, but its connections stay open and silent.</summary>
    Vanish,

    /// <summary>It ends its term.</summary>
    HandOver,

    /// <summary>Someone takes the lock from it, and it does not hear of it.</summary>
    TearLock,

    /// <summary>The caller of the operation cancels it.</summary>
    Cancel,
}

/// <param name="Kind">What is done.</param>
/// <param name="Key">The number of the entry.</param>
/// <param name="IsStale">Whether it starts from an outdated handle or number.</param>
/// <param name="Fault">What goes wrong in it.</param>
/// <param name="Turn">What happens when the fault has struck.</param>
internal sealed record StoreStep(StepKind Kind, int Key, bool IsStale = false, StepFault? Fault = null, Turn Turn = Turn.None)
{
    public const int Keys = 3;

    public string Name => $"k{Key}";

    public string Other => $"k{(Key + 1) % Keys}";

    public string Third => $"k{(Key + 2) % Keys}";

    /// <summary>The same with less in it.</summary>
    public IEnumerable<StoreStep> Shrink()
    {
        if (Turn != Turn.None && Kind != StepKind.Turn)
        {
            yield return this with { Turn = Turn.None };
        }

        if (Fault is not null)
        {
            yield return this with { Fault = null };
        }

        if (IsStale)
        {
            yield return this with { IsStale = false };
        }

        if (Key > 0)
        {
            yield return this with { Key = 0 };
        }
    }

    public override string ToString()
    {
        var text = new StringBuilder(Kind.ToString());
        if (Kind is not (StepKind.Clear or StepKind.TakeNumber or StepKind.Read or StepKind.Lapse or StepKind.Turn))
        {
            text.Append(' ').Append(Name);
        }

        text.Append(IsStale ? " (outdated)" : string.Empty);
        if (Fault is not null)
        {
            text.Append(", ").Append(Fault);
        }

        return Turn == Turn.None ? text.ToString() : text.Append(", ").Append(Turn).ToString();
    }
}
