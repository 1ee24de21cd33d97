using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.Storage;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.Tests.StateHandles;

/// <summary>A small model of how Flink's KubernetesStateHandleStore goes about it, to show that a schedule does break it.</summary>
/// <remarks>Read, change, replace the whole ConfigMap; retried whatever the failure, and only the last failure counts. A pointer is the key of its data.</remarks>
internal sealed class FlinkStyleStore(IKubeClient client, IStateStorage storage, ObjectKey configMap, string? lockIdentity)
{
    private const int MaximumAttempts = 6;
    private static int s_next;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async Task AddAsync(string key, string text)
    {
        var data = await StoreAsync(key, text);
        var discard = true;
        try
        {
            discard = !await UpdateAsync(entries => entries.TryAdd(key, data.Value) || entries[key] == data.Value ? entries : throw new InvalidOperationException($"{key} exists"));
        }
        finally
        {
            if (discard)
            {
                await storage.DeleteAsync(data, Token);
            }
        }
    }

    public async Task ReplaceAsync(string key, string text)
    {
        var data = await StoreAsync(key, text);
        string? old = null;
        var written = await UpdateAsync(entries =>
        {
            old = entries[key];
            entries[key] = data.Value;
            return entries;
        });
        await storage.DeleteAsync(new StateKey(written ? old! : data.Value), Token);
    }

    public async Task<IReadOnlyDictionary<string, string>> GetAllAsync()
    {
        try
        {
            var found = await client.GetAsync(KubeResources.ConfigMaps, configMap, Token);
            return Entries(found);
        }
        catch (KubeClientException exception) when (exception.Failure == KubeFailure.NotFound)
        {
            return new Dictionary<string, string>();
        }
    }

    /// <summary>Whether the pointer's data is there.</summary>
    public async Task<bool> IsSoundAsync(string key)
    {
        var pointer = (await GetAllAsync())[key];
        await foreach (var entry in storage.ListAsync(pointer, Token))
        {
            return true;
        }

        return false;
    }

    private static Dictionary<string, string> Entries(ConfigMap found) =>
        (found.Data ?? new Dictionary<string, string>()).Where(entry => entry.Key.StartsWith("flink-", StringComparison.Ordinal)).ToDictionary();

    private async Task<StateKey> StoreAsync(string key, string text)
    {
        var data = new StateKey($"flink/{key}-{Interlocked.Increment(ref s_next)}");
        await storage.WriteAsync(data, System.Text.Encoding.UTF8.GetBytes(text), Token);
        return data;
    }

    private async Task<bool> UpdateAsync(Func<Dictionary<string, string>, Dictionary<string, string>> change)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var found = await client.GetAsync(KubeResources.ConfigMaps, configMap, Token);
                if (lockIdentity is not null && found.Metadata.Annotations?.GetValueOrDefault(HaNames.LockAnnotation)?.Contains(lockIdentity, StringComparison.Ordinal) != true)
                {
                    return false;
                }

                var data = found.Data!.Where(entry => !entry.Key.StartsWith("flink-", StringComparison.Ordinal)).Concat(change(Entries(found))).ToDictionary();
                await client.ReplaceAsync(KubeResources.ConfigMaps, found with { Data = data }, Token);
                return true;
            }
            catch (KubeClientException) when (attempt < MaximumAttempts)
            {
            }
        }
    }
}
