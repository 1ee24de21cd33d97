namespace Flink.Kubernetes.HA.RealServer.Tests;

/// <summary>What the agents have told of their writes.</summary>
internal sealed class WriteLog
{
    private readonly Lock _gate = new();
    private readonly List<ToldWrite> _writes = [];
    private readonly List<SentAgain> _again = [];
    private readonly Dictionary<(string Component, long Token, string Kind), int> _acknowledged = [];
    private readonly Dictionary<string, long> _newest = [];
    private readonly HashSet<(string Component, long Token)> _ended = [];
    private TaskCompletionSource _told = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public IReadOnlyList<ToldWrite> Writes => Read(() => _writes.ToList());

    /// <summary>Writes that were sent again by processes that knew that they had lost.</summary>
    public IReadOnlyList<SentAgain> Again => Read(() => _again.ToList());

    public async Task ReadAsync(AgentProcess agent)
    {
        await foreach (var line in agent.Lines.ReadAllAsync(TestContext.Current.CancellationToken))
        {
            TaskCompletionSource told;
            lock (_gate)
            {
                Add(line);
                (told, _told) = (_told, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
            }

            told.TrySetResult();
        }
    }

    /// <summary>Waits until every kind of write of the component's newest term was acknowledged so often; the term has to be newer than another.</summary>
    /// <returns>The term's token.</returns>
    public Task<long> WaitForTermAsync(string component, IReadOnlyList<string> kinds, long after, int times) => WaitAsync(() =>
    {
        var token = _newest.GetValueOrDefault(component);
        return token > after && kinds.All(kind => _acknowledged.GetValueOrDefault((component, token, kind)) >= times) ? token : (long?)null;
    });

    /// <summary>Waits until the term's process has tried all that it tries when it has lost.</summary>
    public Task WaitForEndAsync(string component, long token) => WaitAsync(() => _ended.Contains((component, token)) ? token : (long?)null);

    private async Task<long> WaitAsync(Func<long?> find)
    {
        // Generous: agents write as fast as they can, and on a busy machine their terms are short.
        var limit = TimeSpan.FromMinutes(3);
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            Task told;
            lock (_gate)
            {
                if (find() is { } found)
                {
                    return found;
                }

                told = _told.Task;
            }

            var left = limit - TimeProvider.System.GetElapsedTime(started);
            try
            {
                await told.WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, TestContext.Current.CancellationToken);
            }
            catch (TimeoutException)
            {
                throw new TimeoutException($"Within {limit} the agents did not write what was waited for. Acknowledged in the newest terms: {Progress()}.");
            }
        }
    }

    private string Progress() => Read(() => string.Join("; ", _newest.Select(term =>
        $"{term.Key} {term.Value}: {string.Join(", ", _acknowledged.Where(a => a.Key.Component == term.Key && a.Key.Token == term.Value).Select(a => $"{a.Key.Kind} {a.Value}"))}")));

    private T Read<T>(Func<T> read)
    {
        lock (_gate)
        {
            return read();
        }
    }

    private void Add(string line)
    {
        var parts = line.Split(' ', 10);
        switch (parts[0])
        {
            case "write":
                var write = new ToldWrite(parts[1], Number(parts[2]), parts[3], parts[4], parts[5], Number(parts[6]), Number(parts[7]), Number(parts[8]), parts[9]);
                _writes.Add(write);
                _newest[write.Component] = Math.Max(write.Token, _newest.GetValueOrDefault(write.Component));
                if (write.Outcome == "acked")
                {
                    _acknowledged[(write.Component, write.Token, write.Kind)] = _acknowledged.GetValueOrDefault((write.Component, write.Token, write.Kind)) + 1;
                }

                break;
            case "again":
                _again.Add(new SentAgain(parts[1], Number(parts[2]), parts[3], parts[4], Number(parts[5])));
                break;
            case "ended":
                _ended.Add((parts[1], Number(parts[2])));
                break;
        }
    }

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}

/// <param name="Component">The component whose term it was.</param>
/// <param name="Token">The fencing token.</param>
/// <param name="Kind">The kind of write.</param>
/// <param name="Tag">What it wrote: nothing else has it.</param>
/// <param name="Outcome">acked, lost, unknown or failed.</param>
/// <param name="Sent">How many patches it has sent.</param>
/// <param name="Begun">When it began, by the machine's monotonic clock.</param>
/// <param name="Ended">When its outcome was known.</param>
/// <param name="Detail">The id that it got, or why it was refused.</param>
internal sealed record ToldWrite(string Component, long Token, string Kind, string Tag, string Outcome, long Sent, long Begun, long Ended, string Detail);

/// <param name="Component">The component whose term it was.</param>
/// <param name="Token">The fencing token.</param>
/// <param name="Kind">The kind of write.</param>
/// <param name="Outcome">What the API server has answered.</param>
/// <param name="Begun">When it was sent, by the machine's monotonic clock.</param>
internal sealed record SentAgain(string Component, long Token, string Kind, string Outcome, long Begun);
