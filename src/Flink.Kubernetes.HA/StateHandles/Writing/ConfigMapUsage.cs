using System.Text;
using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.LeaderElection.Locking;
using Flink.Kubernetes.HA.LeaderElection;

namespace Flink.Kubernetes.HA.StateHandles.Writing;

/// <summary>The size of a ConfigMap, according to reads and the term's own writes.</summary>
internal sealed class ConfigMapUsage(LeadershipTerm term)
{
    /// <summary>The limit of the API server, which counts values only.</summary>
    public const long Limit = 1024 * 1024;

    /// <summary>What new entries leave free, so that results, counters and removals always fit. Their keys are counted as well.</summary>
    public const long Reserve = 16 * 1024;

    private const double WarnAt = 0.75;
    private const int LargestReported = 5;

    private readonly Lock _gate = new();
    private Dictionary<string, long>? _sizes;
    private bool _warned;

    public void Saw(ConfigMapContent content)
    {
        var sizes = content.Data.ToDictionary(entry => entry.Key, entry => SizeOf(entry.Key, entry.Value));
        foreach (var (key, value) in content.BinaryData)
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
            // A change that makes the ConfigMap smaller is allowed even if it is already too large.
            return _sizes is not null && GrowthOf(changes) > 0 && SizeAfter(changes) > LimitOf(changes);
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
                term.ConfigMap,
                changes.Keys,
                SizeAfter(changes),
                LimitOf(changes),
                [.. sizes.OrderByDescending(size => size.Value).ThenBy(size => size.Key, StringComparer.Ordinal).Take(LargestReported)],
                cause);
        }
    }

    private static long LimitOf(ChangeSet changes) => changes.AddsData ? Limit - Reserve : Limit;

    private static long GrowthOf(ChangeSet changes) => changes.Changes.Sum(change => SizeOf(change.Next) - SizeOf(change.Expected));

    private static long SizeOf(string? value) => value is null ? 0 : Encoding.UTF8.GetByteCount(value);

    private long SizeAfter(ChangeSet changes)
    {
        var sizes = _sizes ?? [];
        var keys = changes.AddsData ? 0 : sizes.Keys.Sum(key => (long)key.Length);
        return sizes.Values.Sum() - keys + GrowthOf(changes);
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

        term.Metrics.ConfigMapSize(term.MetricTag, used);
        if (largest is not null)
        {
            Log.ConfigMapFillsUp(term.Logger, term.ConfigMap.ToString(), used, Limit, largest);
        }
    }
}
