namespace Flink.Kubernetes.HA.RealServer.Tests;

/// <summary>What agents have told of the checkpoints of one job, term by term.</summary>
internal sealed class CheckpointLog
{
    private readonly Lock _gate = new();
    private readonly SortedDictionary<long, TermCheckpoints> _terms = [];
    private readonly List<string> _others = [];

    public IReadOnlyList<TermCheckpoints> Terms
    {
        get
        {
            lock (_gate)
            {
                return [.. _terms.Values];
            }
        }
    }

    /// <summary>Lines that tell of a lost term.</summary>
    public IReadOnlyList<string> Others
    {
        get
        {
            lock (_gate)
            {
                return [.. _others];
            }
        }
    }

    /// <summary>Reads to the agent's end.</summary>
    public async Task ReadAsync(AgentProcess agent, Action<TermCheckpoints, AgentProcess> told)
    {
        await foreach (var line in agent.Lines.ReadAllAsync(TestContext.Current.CancellationToken))
        {
            if (Add(line) is { } term)
            {
                told(term, agent);
            }
        }
    }

    private TermCheckpoints? Add(string line)
    {
        var parts = line.Split(' ', 5);
        var now = TimeProvider.System.GetTimestamp();
        lock (_gate)
        {
            switch (parts[0])
            {
                case "restored":
                    return _terms[Number(parts[1])] = new TermCheckpoints(Number(parts[1]), Number(parts[2]), Number(parts[3]), now);
                case "acked":
                    var term = _terms[Number(parts[1])];
                    term.Acknowledge(Number(parts[2]), Number(parts[3]), now);
                    return term;
                case "lost":
                    _others.Add(line);
                    break;
            }

            return null;
        }
    }

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}

/// <summary>What one term has restored and what it has acknowledged.</summary>
internal sealed class TermCheckpoints(long token, long restoredId, long restoredCount, long restoredAt)
{
    private readonly List<(long Id, long Count)> _acknowledged = [];
    private long _lastAt = restoredAt;

    public long Token => token;

    public long RestoredId => restoredId;

    public long RestoredCount => restoredCount;

    public long RestoredAt { get; } = restoredAt;

    public IReadOnlyList<(long Id, long Count)> Acknowledged => _acknowledged;

    /// <summary>From the restore to the last acknowledgement.</summary>
    public TimeSpan Worked => TimeProvider.System.GetElapsedTime(RestoredAt, _lastAt);

    public void Acknowledge(long id, long count, long now)
    {
        _acknowledged.Add((id, count));
        _lastAt = now;
    }
}
