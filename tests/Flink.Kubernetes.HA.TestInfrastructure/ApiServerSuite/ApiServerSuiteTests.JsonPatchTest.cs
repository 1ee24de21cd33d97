using k8s.Models;

namespace Flink.Kubernetes.HA.TestInfrastructure.ApiServerSuite;

/// <summary>The <c>test</c> operation, on which the fencing of every write rests.</summary>
public abstract partial class ApiServerSuiteTests
{
    [Theory]
    [InlineData("the stored value", "/data/k", "'1'", true)]
    [InlineData("another value", "/data/k", "'2'", false)]
    [InlineData("null for an absent key", "/data/none", "null", true)]
    [InlineData("null for a key", "/data/k", "null", false)]
    [InlineData("null for an empty key", "/data/empty", "null", false)]
    [InlineData("nothing for a key", "/data/k", null, false)]
    [InlineData("a value for an absent key", "/data/none", "'1'", false)]
    [InlineData("the empty text for an absent key", "/data/none", "''", false)]
    [InlineData("null for an absent map", "/metadata/annotations", "null", true)]
    [InlineData("{} for an absent map", "/metadata/annotations", "{}", false)]
    [InlineData("null below an absent map", "/metadata/annotations/none", "null", false)]
    [InlineData("a value below an absent map", "/metadata/annotations/none", "'1'", false)]
    [InlineData("a map in another order", "/data", "{ 'k' : '1',  'empty':''}", true)]
    [InlineData("a part of a map", "/data", "{'k':'1'}", false)]
    [InlineData("a larger map", "/data", "{'k':'1','empty':'','m':'3'}", false)]
    public async Task A_test_of(string what, string path, string? value, bool passes)
    {
        var stored = await CreateAsync("a", ("empty", string.Empty), ("k", "1"));
        var given = value is null ? string.Empty : $",'value':{value}";
        await TestAsync(stored, Quoted($$"""{'op':'test','path':'{{path}}'{{given}}}"""), passes, what);
    }

    [Fact]
    public async Task A_test_can_name_the_resourceVersion()
    {
        var first = await CreateAsync("a", ("k", "1"));
        var second = await SetAsync("a", "k", "2");
        await TestAsync(second, Test("/metadata/resourceVersion", first.Metadata.ResourceVersion), passes: false);
        await TestAsync(second, Test("/metadata/resourceVersion", second.Metadata.ResourceVersion), passes: true);
    }

    [Fact]
    public async Task A_test_can_name_the_uid()
    {
        var first = await CreateAsync("a", ("k", "1"));
        await DeleteAsync("a");
        var second = await CreateAsync("a", ("k", "1"));
        await TestAsync(second, Test("/metadata/uid", first.Metadata.Uid), passes: false);
        await TestAsync(second, Test("/metadata/uid", second.Metadata.Uid), passes: true);
    }

    [Fact]
    public async Task A_test_compares_text_character_by_character()
    {
        // The stored text, and the same as the server itself writes it: only with these escapes it is equal.
        const string Stored = "{\"a\": \"é<>&'+`/\\u0041\",\n\"b\":1}\r\t\u0001\u001f\u007f\u2028\u2029漢字🙂\ufffd";
        const string Written = """{\"a\": \"é\u003c\u003e\u0026'+`/\\u0041\",\n\"b\":1}\r\t\u0001\u001f""" + "\u007f"
            + """\u2028\u2029漢字🙂""" + "\ufffd";
        var stored = await CreateAsync("a", ("k", Stored));
        await TestAsync(stored, TestOfK(Written.Replace("é", "É", StringComparison.Ordinal)), passes: false);
        await TestAsync(stored, TestOfK("""{\"a\":\"éA\",\"b\":1}"""), passes: false);
        await TestAsync(stored, TestOfK(Written), passes: true);
    }

    // The server compares the text of the JSON: an escape is equal to the one that Go writes, and to no other.
    [Theory]
    [InlineData("A", @"A", @"\u0041"), InlineData("a/b", @"a/b", @"a\/b"), InlineData("\\", @"\\", @"\u005c"), InlineData("\"", @"\""", @"\u0022")]
    [InlineData("<", @"\u003c", @"<"), InlineData("<", @"\u003c", @"\u003C"), InlineData(">", @"\u003e", @">"), InlineData("&", @"\u0026", @"&")]
    [InlineData("'", @"'", @"\u0027"), InlineData("+", @"+", @"\u002b"), InlineData("`", @"`", @"\u0060"), InlineData("é", @"é", @"\u00e9")]
    [InlineData("\t", @"\t", @"\u0009"), InlineData("\n", @"\n", @"\u000a")]
    [InlineData("\r", @"\r", @"\u000d"), InlineData("\u001f", @"\u001f", @"\u001F")]
    [InlineData("\u007f", "\u007f", @"\u007f"), InlineData("\u2028", @"\u2028", "\u2028"), InlineData("🙂", @"🙂", @"\ud83d\ude42")]
    public async Task A_test_passes_with_the_escape_that_the_server_writes_and_with_no_other(string text, string equal, string other)
    {
        var stored = await CreateAsync("a", ("k", text));
        await TestAsync(stored, TestOfK(other), passes: false);
        await TestAsync(stored, TestOfK(equal), passes: true);
    }

    [Theory, InlineData("\b", @"\b", @"\u0008"), InlineData("\f", @"\f", @"\u000c")]
    public async Task A_test_of_backspace_or_form_feed_passes_with_exactly_one_of_two_escapes(string text, string brief, string full)
    {
        // Servers built with Go 1.22 or newer write the short one, older ones the long one.
        await CreateAsync("a", ("k", text));
        var passes = new[]
        {
            await SucceedsAsync(() => PatchAsync("a", TestOfK(brief)), Refusal.Invalid),
            await SucceedsAsync(() => PatchAsync("a", TestOfK(full)), Refusal.Invalid),
        };
        passes.Should().BeEquivalentTo([true, false]);
    }

    [Theory, InlineData("15.0"), InlineData("1.5e1"), InlineData("\"15\"")]
    public async Task A_test_compares_numbers_as_they_are_written(string written)
    {
        await Leases.CreateAsync("a");
        Task TestAsync(string number) => Leases.SendPatchAsync("a", $$"""[{"op":"test","path":"/spec/leaseDurationSeconds","value":{{number}}}]""");
        await TestAsync("15");
        await RefusedAsync(Refusal.Invalid, () => TestAsync(written));
    }

    private static string TestOfK(string written) => $$"""{"op":"test","path":"/data/k","value":"{{written}}"}""";

    private async Task TestAsync(V1ConfigMap stored, string test, bool passes, string what = "")
    {
        Task<V1ConfigMap> ChangeAsync() => PatchAsync(stored.Metadata.Name, test, Add("/metadata/labels", Texts(("changed", "yes"))));
        if (passes)
        {
            var changed = await ChangeAsync();
            changed.Metadata.Labels.Should().Equal(Map(("changed", "yes")), what);
            changed.Metadata.ResourceVersion.Should().NotBe(stored.Metadata.ResourceVersion);
            return;
        }

        // Invalid, not Conflict, and the server does not say which test failed.
        var refusal = await RefusedAsync(Refusal.Invalid, ChangeAsync, $"{what} {test}");
        refusal.Words.Should().Be("the server rejected our request due to an error in our request");
        (refusal.Details?.ToJsonString()).Should().Be("{}");
        await UnchangedAsync(stored);
    }
}
