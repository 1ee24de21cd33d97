using System.Collections.Concurrent;
using Flink.Kubernetes.HA;

namespace ApplicationCluster;

/// <summary>Who leads what, since when and in which term, as followers hear of it; printed as it happens.</summary>
internal sealed class Timeline(TimeProvider timeProvider)
{
    private readonly Lock _gate = new();
    private readonly long _start = timeProvider.GetTimestamp();
    private readonly Dictionary<LeaderComponent, Entry> _leaders = [];
    private (string What, long At)? _cause;

    public ConcurrentQueue<Takeover> Takeovers { get; } = new();

    public TimeSpan Elapsed => timeProvider.GetElapsedTime(_start);

    /// <summary>From here on takeovers are counted from this moment.</summary>
    public void Cause(string what)
    {
        lock (_gate)
        {
            _cause = (what, timeProvider.GetTimestamp());
        }
    }

    public void Say(string text) => Print(ConsoleColor.White, text);

    /// <summary>A follower has heard of a leader, or that there is none.</summary>
    public void Heard(string title, LeaderComponent component, LeaderInformation? leader)
    {
        var now = timeProvider.GetTimestamp();
        lock (_gate)
        {
            var before = _leaders.GetValueOrDefault(component)?.Leader;
            if (leader is null)
            {
                if (before is not null)
                {
                    Print(ConsoleColor.DarkGray, $"  {title,-16} no leader");
                }

                return;
            }

            _leaders[component] = new Entry(leader, Elapsed);
            var text = $"  {title,-16} {NameOf(leader)} leads, fencing token {leader.FencingToken,5}, at {leader.Address}";
            if (_cause is { } cause && before is not null && NameOf(before) != NameOf(leader))
            {
                var took = timeProvider.GetElapsedTime(cause.At, now);
                Takeovers.Enqueue(new Takeover(cause.What, title, NameOf(before), NameOf(leader), took));
                text += $"  <- took over from {NameOf(before)} {Format(took)} after {cause.What}";
            }

            Print(ConsoleColor.Green, text);
        }
    }

    public bool AllLedBy(IReadOnlySet<string> names)
    {
        lock (_gate)
        {
            return Cluster.Components.All(c => _leaders.TryGetValue(c.Component, out var entry) && names.Contains(NameOf(entry.Leader)));
        }
    }

    /// <summary>The process that leads a component.</summary>
    public string LeaderOf(LeaderComponent component)
    {
        lock (_gate)
        {
            return NameOf(_leaders[component].Leader);
        }
    }

    /// <summary>Prints who leads what now.</summary>
    public void PrintState()
    {
        lock (_gate)
        {
            Print(ConsoleColor.White, "  component        leader  since       fencing token  session");
            foreach (var (title, component) in Cluster.Components)
            {
                var (leader, since) = _leaders[component];
                Print(ConsoleColor.White, $"  {title,-16} {NameOf(leader),-7} {since.TotalSeconds,6:0.000} s  {leader.FencingToken,13}  {leader.SessionId}");
            }
        }
    }

    public static string Format(TimeSpan time) => time < TimeSpan.FromSeconds(1) ? $"{time.TotalMilliseconds:0} ms" : $"{time.TotalSeconds:0.00} s";

    // The replicas publish http://<name>/<component>.
    private static string NameOf(LeaderInformation leader) => new Uri(leader.Address!).Host;

    private void Print(ConsoleColor color, string text)
    {
        lock (_gate)
        {
            if (!Console.IsOutputRedirected)
            {
                Console.ForegroundColor = color;
            }

            Console.WriteLine($"{Elapsed.TotalSeconds,7:0.000} s {text}");
            if (!Console.IsOutputRedirected)
            {
                Console.ResetColor();
            }
        }
    }

    private sealed record Entry(LeaderInformation Leader, TimeSpan Since);
}
