using Flink.Kubernetes.HA.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.ConfigMaps.Watching;

/// <summary>One watch by label for the ConfigMaps of a cluster, when more of them are wanted than should be watched by name.</summary>
/// <remarks>
/// <para>It begins with the ConfigMap that is one too many and ends with the last subscriber. What it does not show (not created yet, deleted, or
/// without the cluster's labels) is watched by name until it shows it.</para>
/// <para>Members are called under the lock of <see cref="SharedWatches"/>, but for those of <see cref="IWatchReader"/>.</para>
/// </remarks>
internal sealed class ClusterWatch(string namespaceName, string labelSelector, SharedWatches watches, WatchSettings settings, ILogger logger) : IWatchReader
{
    private readonly Dictionary<string, WatchedObject> _wanted = new(StringComparer.Ordinal);
    private Dictionary<string, ConfigMap>? _shown;
    private ConfigMapWatch? _watch;
    private Exception? _failure;
    private bool _isForbidden;

    /// <summary>The watch, while there is one.</summary>
    public ConfigMapWatch? Watch => Volatile.Read(ref _watch);

    public void Add(string name, WatchedObject wanted)
    {
        _wanted.Add(name, wanted);
        if (_watch is null && !_isForbidden && _wanted.Count > settings.MostByName)
        {
            var selection = new ConfigMapSelection { LabelSelector = labelSelector, IsMetadataOnly = true, Limit = settings.PageSize };
            Volatile.Write(ref _watch, watches.Open(namespaceName, $"{namespaceName}/ ({labelSelector})", selection, this));
        }

        if (_watch is null)
        {
            wanted.WatchByName();
        }
        else if (_shown is not null)
        {
            wanted.ObserveByLabel(_shown.GetValueOrDefault(name), isGapless: false, watches.Timestamp, _failure);
        }
        else
        {
            // The first list will show it, or have it watched by name.
            wanted.FailedByLabel(_failure);
        }
    }

    /// <returns>The watch, if nobody needs it any more.</returns>
    public ConfigMapWatch? Remove(string name)
    {
        _wanted.Remove(name);
        return _wanted.Count == 0 ? End() : null;
    }

    /// <summary>Serves an object that is watched by name, if both watches show the same state of it.</summary>
    public void Offer(string name, WatchedObject wanted, long timestamp)
    {
        if (_shown?.GetValueOrDefault(name) is { } item)
        {
            wanted.ObserveByLabel(item, isGapless: false, timestamp, _failure);
        }
    }

    public void Listed(ConfigMapWatch watch, IReadOnlyList<ConfigMap> items, long timestamp)
    {
        lock (watches.Gate)
        {
            if (watch == _watch)
            {
                var labels = items.Count > 0 ? items[0].Labels : ConfigMap.NoText;
                _shown = items.ToDictionary(item => item.Key.Name, item => WithSame(labels, item), StringComparer.Ordinal);
                foreach (var (name, wanted) in _wanted)
                {
                    wanted.ObserveByLabel(_shown.GetValueOrDefault(name), isGapless: false, timestamp, _failure);
                }
            }
        }
    }

    public void Changed(ConfigMapWatch watch, ConfigMap item, bool isDeleted, long timestamp)
    {
        lock (watches.Gate)
        {
            if (watch != _watch)
            {
                return;
            }

            if (isDeleted)
            {
                _shown!.Remove(item.Key.Name);
            }
            else
            {
                _shown![item.Key.Name] = item;
            }

            _wanted.GetValueOrDefault(item.Key.Name)?.ObserveByLabel(isDeleted ? null : item, isGapless: true, timestamp, _failure);
        }
    }

    public void Failed(ConfigMapWatch watch, Exception? failure)
    {
        lock (watches.Gate)
        {
            if (watch == _watch)
            {
                _failure = failure;
                foreach (var wanted in _wanted.Values)
                {
                    wanted.FailedByLabel(failure);
                }
            }
        }
    }

    /// <summary>Watches all by name from now on: a Role that is restricted to names permits that.</summary>
    public bool IsEndedBy(ConfigMapWatch watch, KubernetesHaException refusal)
    {
        lock (watches.Gate)
        {
            if (watch == _watch)
            {
                _isForbidden = true;
                End();
                watches.CloseLater(watch);
                Log.WatchByLabelForbidden(logger, refusal, _wanted.Count, labelSelector, namespaceName);
                foreach (var wanted in _wanted.Values)
                {
                    wanted.WatchByName();
                }
            }

            return true;
        }
    }

    // Most have the same labels, and there may be thousands.
    private static ConfigMap WithSame(IReadOnlyDictionary<string, string> labels, ConfigMap item) =>
        item.Labels.Count == labels.Count && item.Labels.All(label => labels.GetValueOrDefault(label.Key) == label.Value) ? item with { Labels = labels } : item;

    private ConfigMapWatch? End()
    {
        var ended = _watch;
        Volatile.Write(ref _watch, null);
        (_shown, _failure) = (null, null);
        return ended;
    }
}
