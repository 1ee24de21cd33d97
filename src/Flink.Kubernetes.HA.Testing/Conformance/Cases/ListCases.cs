using Flink.Kubernetes.HA.KubeClient;

namespace Flink.Kubernetes.HA.Testing.Conformance.Cases;

internal static class ListCases
{
    private static readonly (string Selector, string[] Names)[] LabelSelectors =
    [
        ("app=x", ["a", "b"]),
        ("app==x", ["a", "b"]),
        ("app!=x", ["c", "d"]),
        ("app in (x,y)", ["a", "b", "c"]),
        ("app notin (x)", ["c", "d"]),
        ("app", ["a", "b", "c"]),
        ("!app", ["d"]),
        ("app=x,tier=1", ["a"]),
        ("app=x,tier!=1", ["b"]),
        ("app in (x, y),tier", ["a", "b"]),
        ("example.org/part=p", ["d"]),
        ("app=", []),
        ("app=z", []),
    ];

    private static readonly (string Selector, string[] Names)[] FieldSelectors =
    [
        ("metadata.name=b", ["b"]),
        ("metadata.name==b", ["b"]),
        ("metadata.name!=b", ["a", "c", "d"]),
        ("metadata.name=none", []),
    ];

    internal static IEnumerable<ConformanceCase> All =>
    [
        new("list: an empty namespace gives no items and a resourceVersion", AnEmptyNamespace),
        new("list: items come in the order of their names", ItemsComeInOrder),
        .. LabelSelectors.Select(s => new ConformanceCase(
            $"list: the label selector '{s.Selector}' finds [{string.Join(' ', s.Names)}]",
            run => FindsAsync(run, new ListOptions { LabelSelector = s.Selector }, s.Names))),
        .. FieldSelectors.Select(s => new ConformanceCase(
            $"list: the field selector '{s.Selector}' finds [{string.Join(' ', s.Names)}]",
            run => FindsAsync(run, new ListOptions { FieldSelector = s.Selector }, s.Names))),
        new("list: label and field selectors hold together", SelectorsHoldTogether),
        .. new[] { "a b==", "=x", "app in x", "app in (", "app=a b", "-x=y" }.Select(s => new ConformanceCase(
            $"list: the label selector '{s}' is BadRequest", run => IsBadAsync(run, new ListOptions { LabelSelector = s }))),
        new("list: an unknown field in a selector is BadRequest", run => IsBadAsync(run, new ListOptions { FieldSelector = "data.k=v" })),
        new("list: a change of labels moves an object between selectors", AChangeOfLabelsMovesIt),
        new("list: shows a write as soon as it is answered", ShowsAWriteAtOnce),
        new("list: a watch from its resourceVersion sees exactly what came later", AWatchGoesOnFromIt),
    ];

    private static async Task FillAsync(ConformanceRun run)
    {
        await run.CreateLabelledAsync("c", ("app", "y")).ConfigureAwait(false);
        await run.CreateLabelledAsync("a", ("app", "x"), ("tier", "1")).ConfigureAwait(false);
        await run.CreateLabelledAsync("d", ("example.org/part", "p")).ConfigureAwait(false);
        await run.CreateLabelledAsync("b", ("app", "x"), ("tier", "2")).ConfigureAwait(false);
    }

    /// <summary>Real clusters put a ConfigMap of their own into each namespace.</summary>
    private static IEnumerable<string?> Names(KubeList<ConfigMap> list) =>
        list.Items.Select(i => i.Metadata.Name).Where(n => n != "kube-root-ca.crt");

    private static async Task AnEmptyNamespace(ConformanceRun run)
    {
        var list = await run.Client.ListAsync(KubeResources.Leases, run.Namespace, cancellationToken: run.Token).ConfigureAwait(false);
        Check.Equal(0, list.Items.Count, "the number of items");
        Check.NotEmpty(list.ResourceVersion, "the resourceVersion of an empty list");
        Check.True(string.IsNullOrEmpty(list.Continue), "an empty list has no continue token");
    }

    private static async Task ItemsComeInOrder(ConformanceRun run)
    {
        await FillAsync(run).ConfigureAwait(false);
        var list = await run.ListAsync().ConfigureAwait(false);
        Check.Sequence(["a", "b", "c", "d"], Names(list), "the names");
        Check.Sequence(["a", "b", "c", "d"], list.Items.Where(i => i.Data?.ContainsKey("k") is true).Select(i => i.Data!["k"]), "the values");
        Check.True(list.Continue is null, "a list without a limit has no continue token");
    }

    private static async Task FindsAsync(ConformanceRun run, ListOptions options, string[] names)
    {
        await FillAsync(run).ConfigureAwait(false);
        Check.Sequence(names, Names(await run.ListAsync(options).ConfigureAwait(false)), "the names found");
    }

    private static async Task SelectorsHoldTogether(ConformanceRun run)
    {
        await FillAsync(run).ConfigureAwait(false);
        Check.Sequence(["a"], Names(await run.ListAsync(new ListOptions { LabelSelector = "app=x", FieldSelector = "metadata.name=a" }).ConfigureAwait(false)), "the names found");
        Check.Sequence([], Names(await run.ListAsync(new ListOptions { LabelSelector = "app=y", FieldSelector = "metadata.name=a" }).ConfigureAwait(false)), "the names found");
    }

    private static Task IsBadAsync(ConformanceRun run, ListOptions options) =>
        Check.FailsAsync(KubeFailure.BadRequest, () => run.ListAsync(options), $"a list with the selector '{options.LabelSelector ?? options.FieldSelector}'");

    private static async Task AChangeOfLabelsMovesIt(ConformanceRun run)
    {
        var item = await run.CreateLabelledAsync("a", ("app", "x")).ConfigureAwait(false);
        await run.ReplaceAsync(item with { Metadata = item.Metadata with { Labels = ConformanceRun.Map(("app", "y")) } }).ConfigureAwait(false);
        Check.Sequence([], Names(await run.ListAsync(new ListOptions { LabelSelector = "app=x" }).ConfigureAwait(false)), "the names with the old label");
        Check.Sequence(["a"], Names(await run.ListAsync(new ListOptions { LabelSelector = "app=y" }).ConfigureAwait(false)), "the names with the new label");
    }

    private static async Task ShowsAWriteAtOnce(ConformanceRun run)
    {
        await run.CreateAsync("a", ("k", "0")).ConfigureAwait(false);
        for (var i = 1; i <= 20; i++)
        {
            var written = await run.SetAsync("a", "k", $"{i}").ConfigureAwait(false);
            var list = await run.ListAsync(new ListOptions { FieldSelector = "metadata.name=a" }).ConfigureAwait(false);
            Check.Equal(written.Metadata.ResourceVersion, list.Items[0].Metadata.ResourceVersion, "the resourceVersion in a list right after the write");
        }
    }

    private static async Task AWatchGoesOnFromIt(ConformanceRun run)
    {
        await run.CreateAsync("before").ConfigureAwait(false);
        var list = await run.ListAsync().ConfigureAwait(false);
        await run.CreateAsync("after").ConfigureAwait(false);
        var reader = run.Watch(new WatchOptions { ResourceVersion = list.ResourceVersion });
        await using (reader.ConfigureAwait(false))
        {
            await reader.NextAsync(WatchEventType.Added, "after").ConfigureAwait(false);
        }
    }
}
