using System.Text.RegularExpressions;

namespace Flink.Kubernetes.HA.RealServer.Tests;

/// <summary>Every change that the API server has made to the ConfigMaps of a namespace, in order, by a raw watch that is resumed.</summary>
internal sealed partial class ConfigMapHistory : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
    private readonly List<ConfigMapChange> _changes = [];
    private readonly Dictionary<string, ConfigMap> _last = [];
    private readonly Task _reading;
    private readonly TaskCompletionSource _marked = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ConfigMapHistory(RealElection election, string resourceVersion) => _reading = ReadAsync(election, resourceVersion);

    public static async Task<ConfigMapHistory> StartAsync(RealElection election)
    {
        var list = await election.Requests.ListAsync(election.Namespace, new ConfigMapSelection(), TestContext.Current.CancellationToken);
        return new ConfigMapHistory(election, list.ResourceVersion);
    }

    /// <summary>All changes until now: those before a mark that it leaves itself.</summary>
    public async Task<IReadOnlyList<ConfigMapChange>> EndAsync(RealElection election)
    {
        await election.Requests.CreateAsync(new ObjectKey(election.Namespace, "mark"), HaNames.Labels("mark"), HaNames.Annotations("mark"), TestContext.Current.CancellationToken);
        await await Task.WhenAny(_marked.Task, _reading);
        _marked.Task.IsCompletedSuccessfully.Should().BeTrue("the watch lasts as long as the test");
        return _changes;
    }

    /// <summary>The tags of attempts in a value, each with the token of its term.</summary>
    public static IEnumerable<(long Token, string Tag)> TagsIn(string? value) =>
        Tag().Matches(value ?? string.Empty).Select(match => (long.Parse(match.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture), match.Value));

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _reading.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        _stop.Dispose();
    }

    private async Task ReadAsync(RealElection election, string resourceVersion)
    {
        // The server ends a watch that it cannot send to fast enough; from the last version on nothing is missed.
        while (true)
        {
            await foreach (var change in election.Requests.WatchAsync(election.Namespace, new ConfigMapSelection(), resourceVersion, TimeSpan.FromHours(1), _stop.Token))
            {
                resourceVersion = change.ResourceVersion ?? resourceVersion;
                if (change.ConfigMap is not { } configMap)
                {
                    continue;
                }

                if (configMap.Key.Name == "mark")
                {
                    _marked.TrySetResult();
                    return;
                }

                _changes.Add(Compare(change.Type, configMap));
            }
        }
    }

    private ConfigMapChange Compare(ConfigMapEventType type, ConfigMap configMap)
    {
        var name = configMap.Key.Name;
        var before = _last.GetValueOrDefault(name)?.Data ?? new Dictionary<string, string>();
        var after = configMap.Data;
        _last[name] = configMap;
        return new ConfigMapChange(
            name,
            type == ConfigMapEventType.Deleted,
            LeaderElectionRecord.Parse(configMap.Annotation(HaNames.LockAnnotation)).HolderIdentity,
            TermRecord.TryParse(configMap.Annotation(HaNames.TermAnnotation))?.FencingToken ?? 0,
            after.Where(entry => before.GetValueOrDefault(entry.Key) != entry.Value).ToDictionary(),
            before.Where(entry => !after.ContainsKey(entry.Key)).ToDictionary());
    }

    [GeneratedRegex(@"\bt(\d+)-([a-z]+)-(\d+)\b", RegexOptions.CultureInvariant)]
    private static partial Regex Tag();
}

/// <param name="Name">The ConfigMap.</param>
/// <param name="IsDeleted">Whether it was deleted.</param>
/// <param name="Holder">Who holds the lock after it.</param>
/// <param name="Token">The fencing token of the term after it.</param>
/// <param name="Written">Keys that were added or changed, with their new values.</param>
/// <param name="Removed">Keys that were removed, with their last values.</param>
internal sealed record ConfigMapChange(
    string Name, bool IsDeleted, string? Holder, long Token, IReadOnlyDictionary<string, string> Written, IReadOnlyDictionary<string, string> Removed);
