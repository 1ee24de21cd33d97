using k8s.Models;

namespace Flink.Kubernetes.HA.TestInfrastructure.ApiServerSuite;

public abstract partial class ApiServerSuiteTests
{
    [Fact]
    public async Task List_of_an_empty_namespace_has_no_items_and_a_resourceVersion()
    {
        var list = await RawOf(ResourceKind.Lease).ListAsync();
        list["items"]!.AsArray().Should().BeEmpty();
        list.Text("metadata/resourceVersion").Should().NotBeNullOrEmpty();
        list.Text("metadata/continue").Should().BeNullOrEmpty();
    }

    [Fact]
    public async Task List_is_in_the_order_of_the_names()
    {
        await FillAsync();
        var list = await ListAsync();
        Names(list).Should().Equal("a", "b", "c", "d");
        list.Items.Where(i => i.Data?.ContainsKey("k") is true).Select(i => i.Data["k"]).Should().Equal("a", "b", "c", "d");
        list.Metadata.ContinueProperty.Should().BeNullOrEmpty("a list without a limit is complete");
    }

    [Theory, InlineData("app=x", "a b"), InlineData("app==x", "a b"), InlineData("app!=x", "c d")]
    [InlineData("app in (x,y)", "a b c"), InlineData("app notin (x)", "c d"), InlineData("app", "a b c"), InlineData("!app", "d")]
    [InlineData("app=x,tier=1", "a"), InlineData("app=x,tier!=1", "b"), InlineData("app in (x, y),tier", "a b")]
    [InlineData("example.org/part=p", "d"), InlineData("app=", ""), InlineData("app=z", "")]
    public async Task List_finds_by_the_label_selector(string selector, string names)
    {
        await FillAsync();
        string.Join(' ', Names(await ListAsync(new ListQuery(Labels: selector)))).Should().Be(names);
    }

    [Theory, InlineData("metadata.name=b", "b"), InlineData("metadata.name==b", "b")]
    [InlineData("metadata.name!=b", "a c d"), InlineData("metadata.name=none", "")]
    public async Task List_finds_by_the_field_selector(string selector, string names)
    {
        await FillAsync();
        string.Join(' ', Names(await ListAsync(new ListQuery(Fields: selector)))).Should().Be(names);
    }

    [Theory, InlineData("app=x", "a"), InlineData("app=y", "")]
    public async Task List_finds_what_both_selectors_select(string labels, string names)
    {
        await FillAsync();
        string.Join(' ', Names(await ListAsync(new ListQuery(labels, "metadata.name=a")))).Should().Be(names);
    }

    [Theory, InlineData("a b=="), InlineData("=x"), InlineData("app in x"), InlineData("app in (")]
    [InlineData("app=a b"), InlineData("-x=y")]
    public Task List_with_a_bad_label_selector_is_BadRequest(string selector) =>
        RefusedAsync(Refusal.BadRequest, () => ListAsync(new ListQuery(Labels: selector)));

    [Fact]
    public Task List_with_an_unknown_field_in_a_selector_is_BadRequest() =>
        RefusedAsync(Refusal.BadRequest, () => ListAsync(new ListQuery(Fields: "data.k=v")));

    [Fact]
    public async Task List_follows_a_change_of_labels()
    {
        await CreateLabelledAsync("a", ("app", "x"));
        await LabelAsync("a", "y");
        Names(await ListAsync(new ListQuery(Labels: "app=x"))).Should().BeEmpty();
        Names(await ListAsync(new ListQuery(Labels: "app=y"))).Should().Equal("a");
    }

    [Fact]
    public async Task List_shows_a_write_as_soon_as_it_is_answered()
    {
        await CreateAsync("a", ("k", "0"));
        for (var i = 1; i <= 20; i++)
        {
            var written = await SetAsync("a", "k", $"{i}");
            var list = await ListAsync(new ListQuery(Fields: "metadata.name=a"));
            list.Items.Single().Metadata.ResourceVersion.Should().Be(written.Metadata.ResourceVersion);
        }
    }

    [Fact]
    public async Task A_watch_from_the_version_of_a_list_sees_exactly_what_came_later()
    {
        await CreateAsync("before");
        var version = await CurrentVersionAsync();
        await CreateAsync("after");
        await EventsAsync(new WatchQuery(version), "ADDED after");
    }

    [Fact]
    public async Task Pages_have_every_object_exactly_once()
    {
        await FillPagesAsync(5);
        var pages = await PagesAsync("page");
        pages.SelectMany(Names).Should().Equal("o0", "o1", "o2", "o3", "o4");
        pages.Should().HaveCountGreaterThanOrEqualTo(3).And.OnlyContain(p => p.Items.Count <= 2);
    }

    [Fact]
    public async Task Pages_all_show_one_moment()
    {
        await FillPagesAsync(5);
        var pages = await PagesAsync("page", async () =>
        {
            await CreateLabelledAsync("o9", ("page", "yes"));
            await SetAsync("o3", "k", "changed");
            await DeleteAsync("o4");
        });
        pages.SelectMany(Names).Should().Equal("o0", "o1", "o2", "o3", "o4");
        pages.SelectMany(p => p.Items).Single(i => i.Metadata.Name == "o3").Data["k"].Should().Be("o3");
        pages.Select(p => p.Metadata.ResourceVersion).Distinct().Should().ContainSingle();
    }

    [Fact]
    public async Task Pages_go_together_with_a_selector()
    {
        await FillPagesAsync(7);
        (await PagesAsync("odd=yes")).SelectMany(Names).Should().Equal("o1", "o3", "o5");
    }

    [Fact]
    public async Task A_limit_as_large_as_the_list_gives_one_page()
    {
        await FillPagesAsync(2);
        var page = await ListAsync(new ListQuery(Labels: "page", Limit: 500));
        page.Items.Should().HaveCount(2);
        page.Metadata.ContinueProperty.Should().BeNullOrEmpty();
    }

    [Fact]
    public Task A_continue_token_that_is_malformed_is_BadRequest() =>
        RefusedAsync(Refusal.BadRequest, () => ListAsync(new ListQuery(Limit: 1, Continue: "junk")));

    private async Task FillAsync()
    {
        await CreateLabelledAsync("c", ("app", "y"));
        await CreateLabelledAsync("a", ("app", "x"), ("tier", "1"));
        await CreateLabelledAsync("d", ("example.org/part", "p"));
        await CreateLabelledAsync("b", ("app", "x"), ("tier", "2"));
    }

    private async Task FillPagesAsync(int count)
    {
        for (var i = 0; i < count; i++)
        {
            await CreateLabelledAsync($"o{i}", ("page", "yes"), ("odd", i % 2 == 1 ? "yes" : "no"));
        }
    }

    private async Task<List<V1ConfigMapList>> PagesAsync(string labels, Func<Task>? afterTheFirst = null)
    {
        List<V1ConfigMapList> pages = [await ListAsync(new ListQuery(labels, Limit: 2))];
        await (afterTheFirst?.Invoke() ?? Task.CompletedTask);
        while (pages[^1].Metadata.ContinueProperty is { Length: > 0 } token && pages.Count < 100)
        {
            pages.Add(await ListAsync(new ListQuery(labels, Limit: 2, Continue: token)));
        }

        return pages;
    }

    /// <summary>Real clusters put a ConfigMap of their own into each namespace.</summary>
    private static IEnumerable<string> Names(V1ConfigMapList list) => list.Items.Select(i => i.Metadata.Name).Where(n => n != "kube-root-ca.crt");
}
