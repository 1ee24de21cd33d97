using Flink.Kubernetes.HA.KubeClient;

namespace Flink.Kubernetes.HA.Testing.Conformance.Cases;

internal static class PagingCases
{
    internal static IEnumerable<ConformanceCase> All =>
    [
        new("paging: every object comes exactly once", EveryObjectComesOnce),
        new("paging: all pages show one moment", AllPagesShowOneMoment),
        new("paging: goes together with a selector", GoesTogetherWithASelector),
        new("paging: a limit as large as the list gives one page", ALargeLimitGivesOnePage),
        new("paging: a continue token that is junk is BadRequest", AJunkTokenIsBadRequest),
        new("paging: a continue token from before the history expired is Gone", AnExpiredTokenIsGone, expiresHistory: true),
    ];

    private static async Task FillAsync(ConformanceRun run, int count)
    {
        for (var i = 0; i < count; i++)
        {
            await run.CreateLabelledAsync($"o{i}", ("page", "yes"), ("odd", i % 2 == 1 ? "yes" : "no")).ConfigureAwait(false);
        }
    }

    private static async Task<List<KubeList<ConfigMap>>> PagesAsync(ConformanceRun run, ListOptions options, Func<Task>? afterTheFirst = null)
    {
        var pages = new List<KubeList<ConfigMap>>();
        do
        {
            pages.Add(await run.ListAsync(options with { Continue = pages.Count == 0 ? null : pages[^1].Continue }).ConfigureAwait(false));
            if (pages.Count == 1 && afterTheFirst is not null)
            {
                await afterTheFirst().ConfigureAwait(false);
            }
        }
        while (pages[^1].Continue is not null && pages.Count < 100);
        return pages;
    }

    private static IEnumerable<string?> Names(IEnumerable<KubeList<ConfigMap>> pages) => pages.SelectMany(p => p.Items).Select(i => i.Metadata.Name);

    private static async Task EveryObjectComesOnce(ConformanceRun run)
    {
        await FillAsync(run, 5).ConfigureAwait(false);
        var pages = await PagesAsync(run, new ListOptions { Limit = 2, LabelSelector = "page" }).ConfigureAwait(false);
        Check.Sequence(["o0", "o1", "o2", "o3", "o4"], Names(pages), "the names over all pages");
        Check.True(pages.All(p => p.Items.Count <= 2), "no page is larger than its limit");
        Check.True(pages.Count >= 3, "five objects in pages of two need three pages");
    }

    private static async Task AllPagesShowOneMoment(ConformanceRun run)
    {
        await FillAsync(run, 5).ConfigureAwait(false);
        var pages = await PagesAsync(run, new ListOptions { Limit = 2, LabelSelector = "page" }, async () =>
        {
            await run.CreateLabelledAsync("o9", ("page", "yes")).ConfigureAwait(false);
            await run.SetAsync("o3", "k", "changed").ConfigureAwait(false);
            await run.DeleteAsync("o4").ConfigureAwait(false);
        }).ConfigureAwait(false);
        Check.Sequence(["o0", "o1", "o2", "o3", "o4"], Names(pages), "the names as of the first page");
        Check.Equal("o3", pages.SelectMany(p => p.Items).Single(i => i.Metadata.Name == "o3").Data!["k"], "the value as of the first page");
        Check.Equal(1, pages.Select(p => p.ResourceVersion).Distinct().Count(), "the number of resourceVersions over all pages");
    }

    private static async Task GoesTogetherWithASelector(ConformanceRun run)
    {
        await FillAsync(run, 7).ConfigureAwait(false);
        var pages = await PagesAsync(run, new ListOptions { Limit = 2, LabelSelector = "odd=yes" }).ConfigureAwait(false);
        Check.Sequence(["o1", "o3", "o5"], Names(pages), "the names over all pages");
    }

    private static async Task ALargeLimitGivesOnePage(ConformanceRun run)
    {
        await FillAsync(run, 2).ConfigureAwait(false);
        var page = await run.ListAsync(new ListOptions { Limit = 500, LabelSelector = "page" }).ConfigureAwait(false);
        Check.Equal(2, page.Items.Count, "the number of items");
        Check.True(page.Continue is null, "the last page has no continue token");
    }

    private static Task AJunkTokenIsBadRequest(ConformanceRun run) =>
        Check.FailsAsync(KubeFailure.BadRequest, () => run.ListAsync(new ListOptions { Limit = 1, Continue = "junk" }), "a list with a junk token");

    private static async Task AnExpiredTokenIsGone(ConformanceRun run)
    {
        await FillAsync(run, 3).ConfigureAwait(false);
        var page = await run.ListAsync(new ListOptions { Limit = 1, LabelSelector = "page" }).ConfigureAwait(false);
        await run.SetAsync("o0", "k", "changed").ConfigureAwait(false);
        await run.Harness.ExpireHistoryAsync(run.Token).ConfigureAwait(false);
        var failure = await Check.FailsAsync(KubeFailure.Gone, () => run.ListAsync(new ListOptions { Limit = 1, LabelSelector = "page", Continue = page.Continue }), "a list with an expired token").ConfigureAwait(false);
        Check.Equal(System.Net.HttpStatusCode.Gone, failure.StatusCode, "StatusCode");
    }
}
