using Flink.Kubernetes.HA.TestInfrastructure.Worlds;

namespace Flink.Kubernetes.HA.TestInfrastructure.Model;

/// <summary>Makes operations of steps: contents that never repeat, and handles of now or of earlier.</summary>
internal sealed class ModelOperations
{
    private const string Counter = "counter";

    // The content of each handle, and the handles of each name from the oldest to the latest.
    private readonly Dictionary<string, string> _contents = [];
    private readonly Dictionary<string, List<StateHandle>> _handles = [];
    private int _written;

    /// <summary>Takes note of what is stored.</summary>
    public void See(StateHandle handle, string content)
    {
        if (_contents.TryAdd(handle.State.Key.Value, content))
        {
            if (!_handles.TryGetValue(handle.Name, out var handles))
            {
                _handles[handle.Name] = handles = [];
            }

            handles.Add(handle);
        }
    }

    public ModelOperation Make(StoreStep step, ModelState stored)
    {
        var (name, content) = (step.Name, $"v{++_written}");
        var handle = Find(name, step.IsStale);
        var expected = handle is null ? string.Empty : _contents[handle.State.Key.Value];
        switch (step.Kind)
        {
            case StepKind.Add:
                return Of([ModelChange.Add(name, content)], (store, token) => store.AddAsync(name, HaWorld.Stream(content), token));
            case StepKind.TryAdd:
                return new(
                    [ModelChange.Add(name, content)],
                    async (store, token) => await store.TryAddAsync(name, HaWorld.Stream(content), token) is null ? Refusal.Exists : Refusal.None,
                    _ => true);
            case StepKind.Replace when handle is not null:
                return Of([ModelChange.Replace(name, expected, content)], (store, token) => store.ReplaceAsync(handle, HaWorld.Stream(content), token));
            case StepKind.TryReplace when handle is not null:
                return new(
                    [ModelChange.Replace(name, expected, content)],
                    async (store, token) => await store.TryReplaceAsync(handle, HaWorld.Stream(content), token) is null ? Refusal.NotFound | Refusal.Changed : Refusal.None,
                    _ => true);
            case StepKind.Replace or StepKind.TryReplace or StepKind.ReplaceByName:
                return Of([ModelChange.Replace(name, content)], (store, token) => store.ReplaceAsync(name, HaWorld.Stream(content), token));
            case StepKind.Remove when handle is not null:
                return Removal([ModelChange.Remove(name, expected)], async (store, token) => await store.RemoveAsync(handle, token) ? 1 : 0);
            case StepKind.Remove or StepKind.RemoveByName:
                return Removal([ModelChange.Remove(name)], async (store, token) => await store.RemoveAsync(name, token) ? 1 : 0);
            case StepKind.Clear:
                return Removal([.. Enumerable.Range(0, StoreStep.Keys).Select(key => ModelChange.Remove($"k{key}"))], (store, token) => store.ClearAsync(token));
            case StepKind.TakeNumber:
                var (before, after) = Count(stored, step.IsStale);
                return Of(
                    [ModelChange.Set(Counter, before, after)],
                    (store, token) => store.CreateBatch().SetValue(Counter, before, after).CommitAsync(token)) with { Number = after };
            default:
                return Batch(step, stored, content);
        }
    }

    private ModelOperation Batch(StoreStep step, ModelState stored, string content)
    {
        var (before, after) = Count(stored, step.IsStale);
        List<ModelChange> changes = [ModelChange.Add(step.Name, content), ModelChange.Set(Counter, before, after)];
        var removed = Find(step.Other, isStale: false);
        if (removed is not null)
        {
            changes.Add(ModelChange.Remove(step.Other, _contents[removed.State.Key.Value]));
        }

        var replaced = step.Kind == StepKind.BatchOfAll ? Find(step.Third, step.IsStale) : null;
        if (replaced is not null)
        {
            changes.Add(ModelChange.Replace(step.Third, _contents[replaced.State.Key.Value], content + "r"));
        }

        return Of(changes, (store, token) =>
        {
            var batch = store.CreateBatch().Add(step.Name, HaWorld.Stream(content)).SetValue(Counter, before, after);
            batch = removed is null ? batch : batch.Remove(removed);
            batch = replaced is null ? batch : batch.Replace(replaced, HaWorld.Stream(content + "r"));
            return batch.CommitAsync(token);
        }) with { Number = after };
    }

    private static ModelOperation Of(IReadOnlyList<ModelChange> changes, Func<StateHandleStore, CancellationToken, Task> run) => new(
        changes,
        async (store, token) =>
        {
            await run(store, token);
            return Refusal.None;
        },
        _ => true);

    /// <remarks>It may count more than was live: what was marked already. It counts nothing when it fails.</remarks>
    private static ModelOperation Removal(IReadOnlyList<ModelChange> changes, Func<StateHandleStore, CancellationToken, Task<int>> run)
    {
        int? found = null;
        return new(
            changes,
            async (store, token) =>
            {
                found = await run(store, token);
                return Refusal.None;
            },
            state => found is null || changes.Count(change => state[change.Key] is not null) <= found);
    }

    /// <remarks>Outdated: the number that was taken last.</remarks>
    private static (string? Before, string After) Count(ModelState stored, bool isStale)
    {
        var number = int.Parse(stored[Counter] ?? "0", CultureInfo.InvariantCulture) - (isStale && stored[Counter] is not null ? 1 : 0);
        return (number == 0 ? null : number.ToString(CultureInfo.InvariantCulture), (number + 1).ToString(CultureInfo.InvariantCulture));
    }

    private StateHandle? Find(string name, bool isStale) =>
        _handles.TryGetValue(name, out var handles) ? isStale ? handles[0] : handles[^1] : null;
}
