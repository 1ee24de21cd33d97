namespace Flink.Kubernetes.HA.TestInfrastructure.ApiServerSuite;

/// <summary>The limits of a ConfigMap: 1 MiB of values, 256 KiB of annotations, 3 MiB of request, 10,000 operations.</summary>
public abstract partial class ApiServerSuiteTests
{
    private const int MostOfValues = 1024 * 1024;

    [Fact]
    public async Task One_mebibyte_of_values_fits_and_one_byte_more_is_Invalid()
    {
        var value = new string('x', MostOfValues - 1);
        var stored = await CreateAsync("a", ("k", value), ("l", "y"));
        stored.Data.Values.Sum(v => v.Length).Should().Be(MostOfValues);
        await RefusedAsync(Refusal.Invalid, () => CreateAsync("b", ("k", value), ("l", "yz")));
        await RefusedAsync(Refusal.NotFound, () => GetAsync("b"));
    }

    [Fact]
    public async Task A_patch_that_makes_the_values_too_large_is_Invalid_and_changes_nothing()
    {
        var stored = await CreateAsync("a", ("k", new string('x', MostOfValues - 10)));
        await RefusedAsync(Refusal.Invalid, () => SetAsync("a", "more", "12345678901"));
        await RefusedAsync(Refusal.Invalid, stored, () => PatchAsync("a", Add("/data/more", "12345678901")));
        await SetAsync("a", "more", "1234567890");
    }

    [Fact]
    public Task Binary_values_count_too() => RefusedAsync(
        Refusal.Invalid,
        () => CreateAsync(NewConfigMap("a", ("k", "x")) with { BinaryData = new Dictionary<string, byte[]> { ["b"] = new byte[MostOfValues] } }));

    [Fact]
    public async Task A_request_may_have_3_MiB_and_one_byte_more_is_TooLarge()
    {
        string Body(string name, int length) => $$$"""{"metadata":{"name":"{{{name}}}"}}""".PadRight(length);
        await Raw.SendAsync(HttpMethod.Post, null, Body("a", 3 * MostOfValues));
        await RefusedAsync(Refusal.TooLarge, () => Raw.SendAsync(HttpMethod.Post, null, Body("b", (3 * MostOfValues) + 1)));
    }

    [Fact]
    public async Task A_JSON_Patch_may_have_10000_operations_and_one_more_is_TooLarge()
    {
        await CreateAsync("a", ("k", "1"));
        await PatchAsync("a", [.. Enumerable.Repeat(Test("/data/k", "1"), 10_000)]);
        await RefusedAsync(Refusal.TooLarge, () => PatchAsync("a", [.. Enumerable.Repeat(Test("/data/k", "1"), 10_001)]));
    }

    [Fact]
    public async Task More_than_256_KiB_of_annotations_is_Invalid()
    {
        var stored = await CreateAsync("a");
        Task AnnotateAsync(int length) => MergeAsync("a", $$$$"""{"metadata":{"annotations":{"n":"{{{{new string('x', length)}}}}"}}}""");
        await RefusedAsync(Refusal.Invalid, stored, () => AnnotateAsync(256 * 1024));
        await AnnotateAsync((256 * 1024) - 1);
    }

    [Fact]
    public async Task A_large_object_comes_complete_through_get_list_and_watch()
    {
        var version = await CurrentVersionAsync();
        var text = string.Concat(Enumerable.Range(0, 90_000).Select(i => $"{i:D9}\n"));
        await CreateAsync("a", ("k", text));
        using var watch = await WatchAsync(new WatchQuery(version));
        var listed = (await ListAsync(new ListQuery(Fields: "metadata.name=a"))).Items.Single();
        var answers = new[] { await GetAsync("a"), listed, (await watch.NextAsync("ADDED", "a")).Object };
        answers.Select(a => a.Data["k"] == text).Should().Equal(true, true, true);
    }
}
