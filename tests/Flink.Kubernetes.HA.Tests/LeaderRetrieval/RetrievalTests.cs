namespace Flink.Kubernetes.HA.Tests.LeaderRetrieval;

/// <summary>Retrieval of the Dispatcher's leader, whose ConfigMap is written by hand as a leader named "one" does.</summary>
public abstract class RetrievalTests : IAsyncDisposable
{
    private protected static Guid Session { get; } = Guid.Parse("0f6c1a52-8a61-4f57-9e9b-2f3ab04d57a1");

    private protected HaWorld World { get; } = new();

    private protected Follower Follower => field ??= new Follower(World);

    private protected LeaderRetrievalService Retrieval => field ??= Follower.Follow();

    private protected RecordingLoggerFactory Logs => Follower.Logs;

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await Follower.DisposeAsync();
        if (World.Replicas.Count == 0)
        {
            World.Server.OpenWatches.Should().Be(0);
        }

        await World.DisposeAsync();
    }

    private protected static LeaderInformation Leader(
        string? address, Guid? session = null, LeaderLiveness liveness = LeaderLiveness.Unconfirmed, string holder = "one") =>
        new(session ?? Session, address) { FencingToken = 7, HolderIdentity = holder, Liveness = liveness };

    private protected static string Lock(string? holder, int renewal = 0) =>
        $$"""{"holderIdentity":{{(holder is null ? "null" : $"\"{holder}\"")}},"leaseDurationSeconds":15,"renewTime":"2025-01-01T00:00:{{renewal:00}}.000000Z","leaderTransitions":3}""";

    private protected static string Term(string holder, string? address, Guid? session = null) =>
        new TermRecord { HolderIdentity = holder, SessionId = session ?? Session, FencingToken = 7, Address = address }.ToJson();

    private protected RecordingListener Listen(LeaderRetrievalService? retrieval = null)
    {
        var listener = new RecordingListener();
        (retrieval ?? Retrieval).AddListener(listener);
        return listener;
    }

    /// <summary>Stores a leader and returns a listener that has heard of it.</summary>
    private protected async Task<RecordingListener> ListenToLeaderAsync(string address)
    {
        await HasLeaderAsync(address);
        var listener = Listen();
        (await listener.NextAsync()).Should().Be(Leader(address));
        return listener;
    }

    private protected Task HasLeaderAsync(string address, Guid? session = null) => PutAsync(Lock("one"), Term("one", address, session));

    private protected Task PutAsync(string? lockRecord, string? term, string? app = HaWorld.ClusterId) => World.PutAsync(new ConfigMap(HaWorld.Key)
    {
        Annotations = Entries((HaNames.LockAnnotation, lockRecord), (HaNames.TermAnnotation, term), (HaNames.ClusterIdAnnotation, app)),
        // Both are seen: what has the labels of the cluster by a watch of these, the rest by name.
        Labels = World.IsWatchedByLabel && app == HaWorld.ClusterId ? HaNames.Labels(app) : Entries((HaNames.AppLabel, app)),
    });

    /// <summary>Lets everything that is under way come to its end.</summary>
    private protected Task SettleAsync() => World.AdvanceAsync(TimeSpan.Zero);

    private static Dictionary<string, string> Entries(params (string Key, string? Value)[] entries) =>
        entries.Where(entry => entry.Value is not null).ToDictionary(entry => entry.Key, entry => entry.Value!);
}
