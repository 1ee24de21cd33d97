using System.Text.RegularExpressions;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.KubeClient.Model;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.Tests.RealServer;

/// <summary>Every change that the API server has made to the ConfigMaps of a namespace, in order, by one raw watch.</summary>
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
        var list = await election.Client.ListAsync(KubeResources.ConfigMaps, election.Namespace, cancellationToken: TestContext.Current.CancellationToken);
        return new ConfigMapHistory(election, list.ResourceVersion!);
    }

    /// <summary>All changes until now: those before a mark that it leaves itself.</summary>
    public async Task<IReadOnlyList<ConfigMapChange>> EndAsync(RealElection election)
    {
        await election.Client.CreateAsync(KubeResources.ConfigMaps, new ConfigMap { Metadata = new ObjectMeta { Name = "mark", Namespace = election.Namespace } }, TestContext.Current.CancellationToken);
        await await Task.WhenAny(_marked.Task, _reading);
        Assert.True(_marked.Task.IsCompletedSuccessfully, "The watch has ended before the test.");
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
        await foreach (var change in election.Client.WatchAsync(KubeResources.ConfigMaps, election.Namespace, new WatchOptions { ResourceVersion = resourceVersion }, _stop.Token))
        {
            if (change.Type is WatchEventType.Bookmark)
            {
                continue;
            }

            if (change.Object.Metadata.Name == "mark")
            {
                _marked.TrySetResult();
                return;
            }

            _changes.Add(Compare(change));
        }
    }

    private ConfigMapChange Compare(WatchEvent<ConfigMap> change)
    {
        var name = change.Object.Metadata.Name!;
        var before = _last.GetValueOrDefault(name)?.Data ?? new Dictionary<string, string>();
        var after = change.Object.Data ?? new Dictionary<string, string>();
        _last[name] = change.Object;
        var annotations = change.Object.Metadata.Annotations;
        return new ConfigMapChange(
            name,
            change.Type == WatchEventType.Deleted,
            LeaderElectionRecord.Parse(annotations?.GetValueOrDefault(HaNames.LockAnnotation)).HolderIdentity,
            TermRecord.TryParse(annotations?.GetValueOrDefault(HaNames.TermAnnotation))?.FencingToken ?? 0,
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
