using System.Text;
using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.StateHandles.Changes;

namespace Flink.Kubernetes.HA.StateHandles.Writing;

/// <summary>How much of a ConfigMap is taken, as far as reads and the term's own writes tell.</summary>
internal sealed class ConfigMapUsage(ElectionContext context)
{
    /// <summary>What the API server takes; it counts values only, and keys are counted here too: full a little before it is.</summary>
    public const long Limit = 1024 * 1024;

    private const double WarnAt = 0.75;
    private const int LargestTold = 5;

    private readonly Lock _gate = new();
    private Dictionary<string, long>? _sizes;
    private bool _warned;

    public void Saw(ConfigMapContent content)
    {
        var sizes = content.Data.ToDictionary(entry => entry.Key, entry => SizeOf(entry.Key, entry.Value));
        foreach (var (key, value) in content.BinaryData ?? new Dictionary<string, byte[]>())
        {
            sizes[key] = key.Length + value.Length;
        }

        Set(() => _sizes = sizes);
    }

    public void Wrote(ChangeSet changes) => Set(() =>
    {
        if (_sizes is null)
        {
            return;
        }

        foreach (var change in changes.Changes)
        {
            _sizes.Remove(change.Key);
            if (change.Next is not null)
            {
                _sizes[change.Key] = SizeOf(change.Key, change.Next);
            }
        }
    });

    public bool IsFull(ChangeSet changes)
    {
        lock (_gate)
        {
            // What makes it smaller is welcome also where it is too large already.
            return _sizes is not null && changes.Growth > 0 && _sizes.Values.Sum() + changes.Growth > Limit;
        }
    }

    public void ThrowIfFull(ChangeSet changes, Exception? cause)
    {
        if (IsFull(changes))
        {
            ThrowAsFull(changes, cause);
        }
    }

    public void ThrowAsFull(ChangeSet changes, Exception? cause)
    {
        lock (_gate)
        {
            var sizes = _sizes ?? [];
            throw new ConfigMapFullException(
                context.Requests.Key, changes.Keys, sizes.Values.Sum() + changes.Growth, Limit, [.. sizes.OrderByDescending(size => size.Value).ThenBy(size => size.Key, StringComparer.Ordinal).Take(LargestTold)], cause);
        }
    }

    private static long SizeOf(string key, string value) => key.Length + Encoding.UTF8.GetByteCount(value);

    private void Set(Action change)
    {
        long used;
        string? largest = null;
        lock (_gate)
        {
            change();
            if (_sizes is null)
            {
                return;
            }

            used = _sizes.Values.Sum();
            var isHigh = used >= WarnAt * Limit;
            if (isHigh && !_warned)
            {
                largest = _sizes.MaxBy(size => size.Value).Key;
            }

            _warned = isHigh;
        }

        context.Metrics.ConfigMapSize(context.MetricTag, used);
        if (largest is not null)
        {
            Log.ConfigMapFillsUp(context.Logger, context.ConfigMap, used, Limit, largest);
        }
    }
}
