using System.Globalization;

namespace ApplicationCluster;

/// <summary>What the job has done, by what its JobManagers print: which checkpoints were acknowledged, and what was restored after each end.</summary>
internal sealed class JobStory(Timeline timeline)
{
    private readonly Lock _gate = new();
    private readonly List<string> _restores = [];
    private long _checkpoints;
    private (long Id, long Count) _acknowledged;
    private TaskCompletionSource _restored = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public bool NothingLost { get; private set; } = true;

    public TaskCompletionSource CleanedUp { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public IReadOnlyList<string> Restores
    {
        get
        {
            lock (_gate)
            {
                return [.. _restores];
            }
        }
    }

    public long Checkpoints => Interlocked.Read(ref _checkpoints);

    /// <summary>Ends when a JobManager has begun or gone on with the job after this call.</summary>
    public Task NextRestore()
    {
        lock (_gate)
        {
            _restored = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _restored.Task;
        }
    }

    /// <summary>A replica has printed a line.</summary>
    public void Heard(string replica, string line)
    {
        switch (line.Split(' ', 5))
        {
            case ["scratch"]:
                timeline.Say($"  {replica} starts the job from scratch.");
                Restored(null);
                break;
            case ["checkpoint", var id, var count]:
                _acknowledged = (Number(id), Number(count));
                Interlocked.Increment(ref _checkpoints);
                timeline.Say($"  {replica} has completed checkpoint {id}: counted to {count}");
                break;
            case ["restored", var id, var count, var time, var location]:
                var (lastId, lastCount) = _acknowledged;

                // A checkpoint may have been completed without anybody having heard of it: the process was killed in that moment.
                var isLatest = Number(id) >= lastId && Number(count) >= lastCount;
                NothingLost &= isLatest;
                timeline.Say($"  {replica} has restored checkpoint {id}, taken at {time}: counted to {count}; the last acknowledged was {lastId}{(isLatest ? string.Empty : "  <- LOST")}");
                timeline.Say($"    from {location}");
                Restored($"{replica} restored checkpoint {id} (counted to {count}); the last acknowledged was {lastId}");
                break;
            case ["cleaned"]:
                timeline.Say($"  {replica}, the Dispatcher, has cleaned up the job.");
                CleanedUp.TrySetResult();
                break;
            default:
                timeline.Say($"  {replica}: {line}");
                break;
        }
    }

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);

    private void Restored(string? what)
    {
        lock (_gate)
        {
            if (what is not null)
            {
                _restores.Add(what);
            }

            _restored.TrySetResult();
        }
    }
}
