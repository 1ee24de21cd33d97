namespace Flink.Kubernetes.HA.TestInfrastructure.ApiServerSuite;

public abstract partial class ApiServerSuiteTests
{
    [Theory]
    [InlineData("sets some keys, removes others and keeps the rest", "{'data':{'n':'3','k':'4','l':null}}", "{'k':'4','n':'3','stays':'5'}")]
    [InlineData("null removes a whole map", "{'data':null}", null)]
    public async Task Merge_patch_changes_data(string what, string patch, string? expected)
    {
        await CreateAsync("a", ("k", "1"), ("l", "2"), ("stays", "5"));
        HasData(await Raw.MergeAsync("a", Quoted(patch)), Quoted(expected), what);
        HasData(await Raw.GetAsync("a"), Quoted(expected), what);
    }

    [Fact]
    public async Task Merge_patch_makes_the_parents_that_are_missing()
    {
        await CreateAsync("a");
        var patched = await MergeAsync("a", """{"metadata":{"annotations":{"x/y":"1"}},"data":{"k":"2"}}""");
        patched.Metadata.Annotations.Should().Equal(Map(("x/y", "1")));
        patched.Data.Should().Equal(Map(("k", "2")));
    }

    [Fact]
    public async Task Merge_patch_with_the_current_resourceVersion_succeeds()
    {
        var first = await CreateAsync("a", ("k", "1"));
        var second = await SetFromAsync(first.Metadata.ResourceVersion, "2");
        second.Metadata.ResourceVersion.Should().NotBe(first.Metadata.ResourceVersion);
        second.Data["k"].Should().Be("2");
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task Merge_patch_with_an_older_resourceVersion_or_one_from_before_a_re_creation_conflicts(bool recreate)
    {
        var first = await CreateAsync("a", ("k", "1"));
        if (recreate)
        {
            await DeleteAsync("a");
        }

        var second = await (recreate ? CreateAsync("a", ("k", "1")) : SetAsync("a", "k", "2"));
        await RefusedAsync(Refusal.Conflict, second, () => SetFromAsync(first.Metadata.ResourceVersion, "3"));
    }

    [Fact]
    public Task Merge_patch_of_a_missing_object_is_NotFound() => RefusedAsync(Refusal.NotFound, () => SetAsync("missing", "k", "1"));

    [Theory, InlineData("{'data':{'k':'1','none':null}}"), InlineData("{}")]
    public async Task Merge_patch_that_changes_nothing_keeps_the_resourceVersion(string patch)
    {
        var first = await CreateAsync("a", ("k", "1"));
        (await MergeAsync("a", Quoted(patch))).Metadata.ResourceVersion.Should().Be(first.Metadata.ResourceVersion);
        await UnchangedAsync(first);
    }

    [Theory, InlineData("{'metadata':{'name':'b'}}"), InlineData("{'metadata':null}")]
    public async Task Merge_patch_that_renames_is_BadRequest(string patch)
    {
        var first = await CreateAsync("a", ("k", "1"));
        await RefusedAsync(Refusal.BadRequest, first, () => MergeAsync("a", Quoted(patch)));
    }

    [Theory]
    [InlineData("{'data':'text'}"), InlineData("{'data':{'k':1}}"), InlineData("{'kind':'Secret'}")]
    [InlineData("{'metadata':{'uid':'00000000-0000-0000-0000-000000000001'},'data':{'k':'2'}}")]
    public async Task Merge_patch_to_what_is_no_ConfigMap_or_another_one_is_Invalid(string patch)
    {
        var first = await CreateAsync("a", ("k", "1"));
        await RefusedAsync(Refusal.Invalid, first, () => MergeAsync("a", Quoted(patch)));
    }
}
