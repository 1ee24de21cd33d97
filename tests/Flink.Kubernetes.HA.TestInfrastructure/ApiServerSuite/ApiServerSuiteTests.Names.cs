namespace Flink.Kubernetes.HA.TestInfrastructure.ApiServerSuite;

/// <summary>Names that are not allowed, and names that try to reach another object.</summary>
public abstract partial class ApiServerSuiteTests
{
    // Each is one segment of the path, escaped. A slash at the end is dropped by some servers: the client must refuse those.
    private static readonly string[] HostileNames =
    [
        "x/../victim", "../configmaps/victim", "./victim", "victim?x=1", "victim#x", "victim%2F", "%76ictim", "victim\n", "victim\\",
        "victim/status", "VICTIM", "victim ",
    ];

    [Fact]
    public async Task A_hostile_name_never_reads_another_object()
    {
        await CreateAsync("victim", ("secret", "s"));
        foreach (var name in HostileNames)
        {
            await IsRefusedAsync(() => Raw.GetAsync(name), $"get of '{name}'");
        }
    }

    [Fact]
    public async Task A_hostile_name_never_changes_or_deletes_another_object()
    {
        var victim = await CreateAsync("victim", ("secret", "s"));
        foreach (var name in HostileNames)
        {
            await IsRefusedAsync(() => Raw.DeleteAsync(name), $"delete of '{name}'");
            await IsRefusedAsync(() => Raw.MergeAsync(name, """{"data":{"secret":"x"}}"""), $"patch of '{name}'");
        }

        await UnchangedAsync(victim);
    }

    [Fact]
    public async Task A_hostile_namespace_never_reaches_another_one()
    {
        await CreateAsync("victim", ("secret", "s"));
        foreach (var form in new[] { "{0}/", "x/../{0}", "../namespaces/{0}", "{0}/configmaps/victim?x=", "{0}#" })
        {
            var hostile = form.Replace("{0}", Namespace, StringComparison.Ordinal);
            await IsRefusedAsync(() => (Raw with { Namespace = hostile }).GetAsync("victim"), $"get in namespace '{hostile}'");
        }
    }

    [Theory, InlineData("Upper"), InlineData("under_score"), InlineData("-begins")]
    [InlineData("ends-"), InlineData("two..dots"), InlineData("sp ace"), InlineData("ümlaut")]
    public async Task Create_refuses_the_name(string name)
    {
        await RefusedAsync(Refusal.Invalid, () => CreateAsync(name));
        (await ListAsync()).Items.Select(i => i.Metadata.Name).Should().NotContain(name);
    }

    [Theory, InlineData("{}"), InlineData("""{"metadata":{}}""")]
    [InlineData("""{"metadata":null}"""), InlineData("""{"metadata":{"name":""}}"""), InlineData("null")]
    public Task Create_refuses_a_missing_name(string body) => RefusedAsync(Refusal.Invalid, () => Raw.SendAsync(HttpMethod.Post, null, body));

    [Fact]
    public async Task A_name_may_have_253_characters_and_no_more()
    {
        var longest = new string('x', 253);
        await CreateAsync(longest);
        (await GetAsync(longest)).Metadata.Name.Should().Be(longest);
        await RefusedAsync(Refusal.Invalid, () => CreateAsync(longest + "x"));
    }

    [Theory, InlineData("a b"), InlineData("a/b"), InlineData("ä"), InlineData("")]
    public Task Create_refuses_the_data_key(string key) => RefusedAsync(Refusal.Invalid, () => CreateAsync("a", (key, "v")));

    [Fact]
    public Task Create_refuses_a_label_value_with_a_space() => RefusedAsync(Refusal.Invalid, () => CreateLabelledAsync("a", ("l", "a b")));

    [Fact]
    public Task Create_refuses_a_label_value_of_64_characters() =>
        RefusedAsync(Refusal.Invalid, () => CreateLabelledAsync("a", ("l", new string('x', 64))));

    private static async Task IsRefusedAsync(Func<Task> call, string what)
    {
        var refusal = (await call.Should().ThrowAsync<ApiServerRefusal>("{0} must be refused", what)).Which;
        new[] { Refusal.NotFound, Refusal.BadRequest }.Should().Contain(refusal.Kind, "this is the answer to {0}: {1}", what, refusal.Message);
    }
}
