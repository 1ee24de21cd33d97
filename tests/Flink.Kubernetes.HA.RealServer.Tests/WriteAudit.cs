namespace Flink.Kubernetes.HA.RealServer.Tests;

/// <summary>Compares what processes were told of their writes to a ConfigMap with what the API server has made of them.</summary>
internal sealed class WriteAudit
{
    private readonly Dictionary<string, long> _effects = [];
    private readonly List<(long Token, long Next)> _counters = [];
    private readonly IReadOnlyList<ToldWrite> _writes;

    public WriteAudit(string configMap, string component, IReadOnlyList<ConfigMapChange> changes, IReadOnlyList<ToldWrite> writes)
    {
        _writes = [.. writes.Where(write => write.Component == component)];
        var newest = 0L;
        foreach (var change in changes.Where(change => change.Name == configMap))
        {
            change.IsDeleted.Should().BeFalse();
            change.Token.Should().BeGreaterThanOrEqualTo(newest);
            newest = change.Token;
            Add(change);
        }
    }

    /// <summary>Values that are seen in the ConfigMap's history, each in the term that wrote it.</summary>
    public int Effects => _effects.Count;

    public void AssertOutcomesAreTrue()
    {
        _writes.Should().NotContain(write => write.Outcome == "failed");
        foreach (var write in _writes)
        {
            var stood = _effects.ContainsKey(write.Tag);
            switch (write.Outcome)
            {
                case "acked" when Kinds.Visible.Contains(write.Kind):
                    stood.Should().BeTrue($"{write} was acknowledged");
                    break;
                case "lost" when write.Kind != "address":
                    // An address may have been published by a term that ends before it has heard so.
                    stood.Should().BeFalse($"{write} was refused");
                    break;
            }
        }

        AssertIds();
        foreach (var term in _writes.GroupBy(write => write.Token))
        {
            // Lost is lost: nothing that was begun after a refusal is written.
            var lost = term.Where(write => write.Outcome == "lost").Select(write => write.Ended).DefaultIfEmpty(long.MaxValue).Min();
            term.Should().NotContain(write => write.Outcome == "acked" && write.Begun > lost);
        }
    }

    /// <summary>What was begun when another led already: nothing was acknowledged, and nothing is in doubt.</summary>
    public IReadOnlyList<ToldWrite> AssertAllRefused(long token, long takenAt, IEnumerable<string> kinds)
    {
        var late = _writes.Where(write => write.Token == token && write.Begun > takenAt).ToList();
        foreach (var write in late)
        {
            write.Outcome.Should().Be("lost");
        }

        kinds.Except(late.Select(write => write.Kind)).Should().BeEmpty();
        return late;
    }

    private void Add(ConfigMapChange change)
    {
        var tags = change.Written.Values.SelectMany(ConfigMapHistory.TagsIn).Distinct().ToList();
        foreach (var tag in tags)
        {
            tag.Token.Should().Be(change.Token, $"{tag.Tag} was written while that term led");
        }

        foreach (var (_, tag) in tags)
        {
            _effects.TryAdd(tag, change.Token);
        }

        // A successor drops old checkpoints and results in the step that writes one of its own; all else belongs to who wrote it.
        var foreign = change.Removed.Where(entry => ConfigMapHistory.TagsIn(entry.Value).Any(tag => tag.Token != change.Token)).ToList();
        (foreign.Count == 0 || (tags.Count > 0 && foreign.All(entry => entry.Key.StartsWith("checkpointID-", StringComparison.Ordinal) || entry.Key.StartsWith("jobResult-", StringComparison.Ordinal))))
            .Should().BeTrue($"term {change.Token} removes nothing of another");
        if (change.Written.TryGetValue("counter", out var next))
        {
            _counters.Add((change.Token, long.Parse(next, CultureInfo.InvariantCulture)));
        }
    }

    /// <summary>Numbers carry no tag: what stood in a term must have been handed out by it, but for what was under way.</summary>
    private void AssertIds()
    {
        var handedOut = _writes.Where(write => write is { Outcome: "acked", Kind: "counter" or "checkpoint" }).ToList();
        handedOut.Select(write => write.Detail).Distinct().Count().Should().Be(handedOut.Count);
        var terms = handedOut.ToDictionary(write => long.Parse(write.Detail, CultureInfo.InvariantCulture), write => write.Token);
        _counters.Select(counter => counter.Next).Should().Equal(_counters.Select(counter => counter.Next).Order());
        foreach (var term in _counters.GroupBy(counter => counter.Token))
        {
            var next = term.Select(counter => counter.Next).ToHashSet();
            foreach (var id in terms.Where(id => id.Value == term.Key))
            {
                next.Should().Contain(id.Key + 1);
            }

            // 1 stands before the first is handed out.
            var untold = next.Count(value => value > 1 && terms.GetValueOrDefault(value - 1) != term.Key);
            untold.Should().BeInRange(0,
                _writes.Count(write => write.Token == term.Key && write.Kind is "counter" or "checkpoint" && write.Outcome == "unknown"));
        }
    }

    /// <summary>The kinds of writes of the agents.</summary>
    internal static class Kinds
    {
        public static IReadOnlyList<string> JobManager { get; } =
            ["add", "replace", "remove", "fill", "clear", "batch", "value", "checkpoint", "counter", "put", "delete", "address"];

        public static IReadOnlyList<string> Dispatcher { get; } = ["submit", "change", "withdraw", "dirty", "clean", "finish", "tidy", "address"];

        /// <summary>Those whose tag stands in the ConfigMap.</summary>
        public static IReadOnlyList<string> Visible { get; } = ["add", "replace", "fill", "batch", "value", "checkpoint", "submit", "change", "dirty", "finish", "address"];

        /// <summary>Those that send patches of their own.</summary>
        public static IReadOnlyList<string> Patching(IReadOnlyList<string> kinds) => [.. kinds.Except(["put", "delete", "address"]).Append("renewal")];
    }
}
