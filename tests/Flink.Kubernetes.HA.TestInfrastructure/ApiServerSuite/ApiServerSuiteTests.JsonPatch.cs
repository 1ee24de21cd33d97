using System.Text.Json.Nodes;
using k8s.Models;

namespace Flink.Kubernetes.HA.TestInfrastructure.ApiServerSuite;

public abstract partial class ApiServerSuiteTests
{
    [Theory]
    [InlineData("adds, replaces and removes in one step",
        "[{'op':'add','path':'/data/n','value':'3'},{'op':'replace','path':'/data/k','value':'4'},{'op':'remove','path':'/data/l'}]",
        "{'k':'4','n':'3'}")]
    [InlineData("add overwrites what is there", "[{'op':'add','path':'/data/k','value':'3'}]", "{'k':'3','l':'2'}")]
    [InlineData("replace of an absent key adds it", "[{'op':'replace','path':'/data/absent','value':'3'}]", "{'absent':'3','k':'1','l':'2'}")]
    [InlineData("copy of an absent key is a copy of null", "[{'op':'copy','from':'/data/absent','path':'/data/n'}]", "{'k':'1','l':'2','n':''}")]
    [InlineData("copy keeps the source", "[{'op':'copy','from':'/data/k','path':'/data/n'}]", "{'k':'1','l':'2','n':'1'}")]
    [InlineData("move drops the source", "[{'op':'move','from':'/data/k','path':'/data/n'}]", "{'l':'2','n':'1'}")]
    [InlineData("a missing value is null", "[{'op':'add','path':'/data/n'},{'op':'replace','path':'/data/k'}]", "{'k':'','l':'2','n':''}")]
    [InlineData("unknown members are ignored", "[{'op':'add','path':'/data/n','value':'3','more':1}]", "{'k':'1','l':'2','n':'3'}")]
    [InlineData("a whole map is replaced", "[{'op':'replace','path':'/data','value':{'n':'3'}}]", "{'n':'3'}")]
    [InlineData("a whole map is removed", "[{'op':'remove','path':'/data'}]", null)]
    [InlineData("an absent map is added",
        "[{'op':'remove','path':'/data'},{'op':'add','path':'/data','value':{}},{'op':'add','path':'/data/n','value':'3'}]", "{'n':'3'}")]
    [InlineData("an absent map is added by replace",
        "[{'op':'remove','path':'/data'},{'op':'replace','path':'/data','value':{'n':'3'}}]", "{'n':'3'}")]
    [InlineData("operations see what those before them did",
        "[{'op':'add','path':'/data/n','value':'3'},{'op':'test','path':'/data/n','value':'3'},{'op':'remove','path':'/data/k'},"
        + "{'op':'test','path':'/data/k','value':null}]",
        "{'l':'2','n':'3'}")]
    public async Task JSON_Patch_changes_data(string what, string patch, string? expected)
    {
        await CreateAsync("a", ("k", "1"), ("l", "2"));
        HasData(await Raw.SendPatchAsync("a", Quoted(patch)), Quoted(expected), what);
        HasData(await Raw.GetAsync("a"), Quoted(expected), what);
    }

    [Theory]
    [InlineData("remove of an absent key", "[{'op':'remove','path':'/data/none'}]")]
    [InlineData("move of an absent key", "[{'op':'move','from':'/data/none','path':'/data/moved'}]")]
    [InlineData("add below an absent parent", "[{'op':'add','path':'/binaryData/k','value':'MQ=='}]")]
    [InlineData("replace below an absent parent", "[{'op':'replace','path':'/binaryData/k','value':'MQ=='}]")]
    [InlineData("a later operation fails",
        "[{'op':'replace','path':'/data/k','value':'2'},{'op':'add','path':'/data/l','value':'3'},{'op':'test','path':'/data/k','value':'1'}]")]
    [InlineData("another uid",
        "[{'op':'replace','path':'/metadata/uid','value':'00000000-0000-0000-0000-000000000001'},{'op':'replace','path':'/data/k','value':'2'}]")]
    [InlineData("an unknown operation", "[{'op':'increment','path':'/data/k'}]")]
    [InlineData("no operation", "[{'path':'/data/k','value':'2'}]"), InlineData("no path", "[{'op':'add','value':'2'}]")]
    [InlineData("no source", "[{'op':'copy','path':'/data/l'}]")]
    [InlineData("remove of everything", "[{'op':'remove','path':''}]")]
    [InlineData("null for everything", "[{'op':'add','path':'','value':null}]")]
    [InlineData("null for an operation", "[null]")]
    [InlineData("a number for a text", "[{'op':'add','path':'/data/n','value':1}]")]
    [InlineData("a text for a map", "[{'op':'add','path':'/data','value':'text'}]")]
    public async Task JSON_Patch_that_cannot_be_applied_is_Invalid_and_changes_nothing(string what, string patch)
    {
        var first = await CreateAsync("a", ("k", "1"));
        await RefusedAsync(Refusal.Invalid, first, () => Raw.SendPatchAsync("a", Quoted(patch)), what);
    }

    [Theory]
    [InlineData("{}"), InlineData("{'op':'test'}"), InlineData("{"), InlineData("['add']"), InlineData("[1]")]
    [InlineData("[{'op':'replace','path':'/metadata/name','value':'b'}]")]
    public async Task JSON_Patch_that_is_no_list_or_renames_is_BadRequest(string patch)
    {
        var first = await CreateAsync("a", ("k", "1"));
        await RefusedAsync(Refusal.BadRequest, first, () => Raw.SendPatchAsync("a", Quoted(patch)));
    }

    [Fact]
    public async Task JSON_Patch_reads_escaped_slashes_and_tildes_in_keys()
    {
        const string Path = "/metadata/annotations/control-plane.alpha.kubernetes.io~1leader";
        await CreateAsync("a");
        var patched = await PatchAsync("a", Add("/metadata/annotations", new JsonObject()), Add(Path, """{"x":1}"""));
        patched.Metadata.Annotations.Should().Equal(Map(("control-plane.alpha.kubernetes.io/leader", """{"x":1}""")));
        await PatchAsync("a", Test(Path, """{"x":1}"""), Replace(Path, "{}"));
        await RefusedAsync(Refusal.Invalid, () => PatchAsync("a", Test("/metadata/annotations/a~0b~1c", "x")));
    }

    [Fact]
    public Task JSON_Patch_of_a_missing_object_is_NotFound() =>
        RefusedAsync(Refusal.NotFound, () => PatchAsync("missing", Test("/data", null), Add("/data", new JsonObject())));

    [Fact]
    public async Task JSON_Patch_that_changes_nothing_keeps_the_resourceVersion_also_by_another_manager()
    {
        var first = await CreateAsync("a", ("k", "1"));
        var same = new[]
        {
            await PatchAsync("a", Test("/data/k", "1"), Replace("/data/k", "1")),
            await PatchAsync("a"),
            await Client.PatchAsync(Namespace, "a", new(Patch(Replace("/data/k", "1")), V1Patch.PatchType.JsonPatch), Token, manager: "another"),
        };
        same.Select(s => s.Metadata.ResourceVersion).Should().AllBe(first.Metadata.ResourceVersion);
        await UnchangedAsync(first);
    }

    [Fact]
    public async Task JSON_Patch_that_sets_an_older_resourceVersion_conflicts()
    {
        var first = await CreateAsync("a", ("k", "1"));
        var second = await SetAsync("a", "k", "2");
        var version = Add("/metadata/resourceVersion", first.Metadata.ResourceVersion);
        await RefusedAsync(Refusal.Conflict, second, () => PatchAsync("a", version, Add("/data/k", "3")));
    }

    [Fact]
    public async Task A_patch_in_an_unknown_format_is_UnsupportedMediaType()
    {
        await CreateAsync("a");
        await RefusedAsync(Refusal.UnsupportedMediaType, () => Raw.SendAsync(HttpMethod.Patch, "a", "[]", "text/plain"));
    }

    private static void HasData(JsonObject item, string? expected, string what) =>
        JsonNode.DeepEquals(item["data"], expected is null ? null : JsonNode.Parse(expected)).Should().BeTrue("{0}: it is {1}", what, item["data"]?.Text());
}
