using k8s;
using k8s.Autorest;
using k8s.Models;

namespace Flink.Kubernetes.HA.Tests.Hazards;

/// <summary>A small model of how Flink's KubernetesStateHandleStore goes about it, to show that a schedule does break it.</summary>
/// <remarks>Read, change, replace the whole ConfigMap; retried whatever the failure; only the last failure counts. A pointer is the key of its data.</remarks>
internal sealed class FlinkStyleStore : IDisposable
{
    public const string Marked = "marked";
    private const int MaximumAttempts = 6;
    private static int s_next;

    private readonly IStateStorage _storage;
    private readonly string? _lockIdentity;
    private readonly k8s.Kubernetes _client;

    public FlinkStyleStore(HaWorld world, string? lockIdentity)
    {
        (_storage, _lockIdentity) = (world.Data, lockIdentity);
        Network = new FaultInjectingHandler(world.Time);
        _client = world.Server.CreateClient("flink", Network);
    }

    public FaultInjectingHandler Network { get; }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async Task AddAsync(string key, string text)
    {
        var data = await StoreAsync(key, text);
        var discard = true;
        try
        {
            discard = !await UpdateAsync(entries =>
                entries.TryAdd(key, data.Value) || entries[key] == data.Value ? entries : throw new InvalidOperationException($"{key} exists"));
        }
        catch (PossiblyInconsistentException)
        {
            discard = false;
            throw;
        }
        finally
        {
            if (discard)
            {
                await _storage.DeleteAsync(data, Token);
            }
        }
    }

    public async Task ReplaceAsync(string key, string text)
    {
        var data = await StoreAsync(key, text);
        string? old = null;
        var written = await UpdateAsync(entries =>
        {
            old = entries[key].StartsWith("flink/", StringComparison.Ordinal) ? entries[key] : null;
            entries[key] = data.Value;
            return entries;
        });
        var unused = written ? old ?? throw new InvalidOperationException("The old handle must be set.") : data.Value;
        await _storage.DeleteAsync(new StateKey(unused), Token);
    }

    /// <summary>Adds over a marked entry: its removal is a transaction of its own, and the one around it keeps its place in the pool meanwhile.</summary>
    public async Task AddOverMarkedAsync(string key, string text, SemaphoreSlim pool)
    {
        var data = await StoreAsync(key, text);
        await OnPoolAsync(pool, () => UpdateAsync(async entries =>
        {
            if (entries.GetValueOrDefault(key) == Marked)
            {
                await OnPoolAsync(pool, () => UpdateAsync(inner =>
                    inner.Remove(key) ? inner : throw new InvalidOperationException("Unable to remove the marked entry.")));
            }

            entries[key] = data.Value;
            return entries;
        }));
    }

    public async Task<IReadOnlyDictionary<string, string>> GetAllAsync()
    {
        try
        {
            return Entries(await ReadAsync());
        }
        catch (HttpOperationException exception) when (exception.Response.StatusCode == HttpStatusCode.NotFound)
        {
            return new Dictionary<string, string>();
        }
    }

    /// <summary>Whether the pointer's data is there.</summary>
    public async Task<bool> IsSoundAsync(string key)
    {
        var pointer = (await GetAllAsync())[key];
        await foreach (var entry in _storage.ListAsync(pointer, Token))
        {
            return true;
        }

        return false;
    }

    public void Dispose() => _client.Dispose();

    private static Dictionary<string, string> Entries(V1ConfigMap found) =>
        (found.Data ?? new Dictionary<string, string>()).Where(entry => entry.Key.StartsWith("flink-", StringComparison.Ordinal)).ToDictionary();

    private async Task<StateKey> StoreAsync(string key, string text)
    {
        var data = new StateKey($"flink/{key}-{Interlocked.Increment(ref s_next)}");
        await _storage.WriteAsync(data, System.Text.Encoding.UTF8.GetBytes(text), Token);
        return data;
    }

    private static async Task OnPoolAsync(SemaphoreSlim pool, Func<Task> run)
    {
        await pool.WaitAsync(Token);
        try
        {
            await run();
        }
        finally
        {
            pool.Release();
        }
    }

    private Task<bool> UpdateAsync(Func<Dictionary<string, string>, Dictionary<string, string>> change) =>
        UpdateAsync(entries => Task.FromResult(change(entries)));

    private async Task<bool> UpdateAsync(Func<Dictionary<string, string>, Task<Dictionary<string, string>>> change)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var found = await ReadAsync();
                if (_lockIdentity is not null && found.GetAnnotation(HaNames.LockAnnotation)?.Contains(_lockIdentity, StringComparison.Ordinal) != true)
                {
                    return false;
                }

                var others = found.Data.Where(entry => !entry.Key.StartsWith("flink-", StringComparison.Ordinal));
                found.Data = others.Concat(await change(Entries(found))).ToDictionary();
                await PutAsync(found);
                return true;
            }
            catch (Exception exception) when ((IsOfTheRequest(exception) || exception is PossiblyInconsistentException) && attempt < MaximumAttempts)
            {
            }
        }
    }

    private async Task<V1ConfigMap> ReadAsync()
    {
        using var response = await _client.CoreV1.ReadNamespacedConfigMapWithHttpMessagesAsync(
            HaWorld.Key.Name, HaWorld.Key.Namespace, cancellationToken: Token);
        return response.Body;
    }

    private async Task PutAsync(V1ConfigMap changed)
    {
        try
        {
            using var response = await _client.CoreV1.ReplaceNamespacedConfigMapWithHttpMessagesAsync(
                changed, HaWorld.Key.Name, HaWorld.Key.Namespace, cancellationToken: Token);
        }
        catch (Exception exception) when (IsOfTheRequest(exception))
        {
            throw new PossiblyInconsistentException(exception);
        }
    }

    private static bool IsOfTheRequest(Exception exception) => exception is HttpOperationException or HttpRequestException;

    /// <summary>A write failed: whatever the failure, it is said that it may have taken effect.</summary>
    public sealed class PossiblyInconsistentException(Exception cause) : Exception("The write may have taken effect.", cause);
}
