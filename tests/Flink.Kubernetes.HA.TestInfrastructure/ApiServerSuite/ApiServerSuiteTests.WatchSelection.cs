namespace Flink.Kubernetes.HA.TestInfrastructure.ApiServerSuite;

public abstract partial class ApiServerSuiteTests
{
    [Fact]
    public async Task A_watch_by_name_reports_only_that_object()
    {
        var version = await CurrentVersionAsync();
        await CreateAsync("a");
        await CreateAsync("b");
        await CreateAsync("b2");
        await SetAsync("b", "k", "1");
        await EventsAsync(new WatchQuery(version, Fields: "metadata.name=b"), "ADDED b", "MODIFIED b");
    }

    [Fact]
    public async Task A_watch_by_label_reports_only_such_objects()
    {
        var version = await CurrentVersionAsync();
        await CreateLabelledAsync("a", ("app", "x"));
        await CreateLabelledAsync("b", ("app", "y"));
        await CreateLabelledAsync("c", ("app", "x"));
        await EventsAsync(new WatchQuery(version, Labels: "app=x"), "ADDED a", "ADDED c");
    }

    [Fact]
    public async Task A_watch_by_label_reports_what_comes_to_match_as_added_and_what_no_longer_does_as_deleted()
    {
        var created = await CreateLabelledAsync("a", ("app", "y"));
        using var watch = await WatchAsync(new WatchQuery(created.Metadata.ResourceVersion, Labels: "app=x"));
        var entered = await LabelAsync("a", "x");
        (await watch.NextAsync("ADDED", "a")).Version.Should().Be(entered.Metadata.ResourceVersion);
        var left = await LabelAsync("a", "y");
        var deleted = await watch.NextAsync("DELETED", "a");
        deleted.Version.Should().Be(left.Metadata.ResourceVersion);
        deleted.Object.Metadata.Labels["app"].Should().Be("x", "it is the state from before");
    }

    [Fact]
    public async Task A_watch_by_label_does_not_report_the_deletion_of_what_matches_no_longer()
    {
        var created = await CreateLabelledAsync("a", ("app", "x"));
        await LabelAsync("a", "y");
        await DeleteAsync("a");
        await CreateLabelledAsync("mark", ("app", "x"));
        await EventsAsync(new WatchQuery(created.Metadata.ResourceVersion, Labels: "app=x"), "DELETED a", "ADDED mark");
    }

    [Fact]
    public async Task A_watch_by_name_sees_deletion_and_re_creation()
    {
        var first = await CreateAsync("a");
        using var watch = await WatchAsync(new WatchQuery(first.Metadata.ResourceVersion, Fields: "metadata.name=a"));
        await DeleteAsync("a");
        await watch.NextAsync("DELETED", "a");
        var second = await CreateAsync("a");
        (await watch.NextAsync("ADDED", "a")).Object.Metadata.Uid.Should().Be(second.Metadata.Uid);
    }

    [Fact]
    public async Task A_watch_by_label_from_nothing_first_sends_only_what_matches()
    {
        await CreateLabelledAsync("a", ("app", "y"));
        await CreateLabelledAsync("b", ("app", "x"));
        using var watch = await WatchAsync(new WatchQuery(Labels: "app=x"));
        await watch.NextAsync("ADDED", "b");
        await DeleteAsync("b");
        await watch.NextAsync("DELETED", "b");
    }

    [Fact]
    public Task A_watch_with_a_bad_selector_is_BadRequest() => RefusedAsync(Refusal.BadRequest, () => WatchAsync(new WatchQuery(Labels: "app in (")));
}
