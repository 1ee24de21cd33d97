using Flink.Kubernetes.HA.LeaderElection.Locking;
using k8s.Models;

namespace Flink.Kubernetes.HA.Tests.ConfigMaps;

/// <summary>A real server compares the value of a test as encoded bytes: the escapes must be the server's.</summary>
public sealed class ConfigMapPatchTests
{
    [Theory]
    [InlineData("\"", "\\\"")]
    [InlineData("\\", "\\\\")]
    [InlineData("/", "/")]
    [InlineData("<>&", "\\u003c\\u003e\\u0026")]
    [InlineData("'+`=%", "'+`=%")]
    [InlineData("\n\r\t", "\\n\\r\\t")]
    [InlineData("\0\u0001\u000b\u001b\u001f", "\\u0000\\u0001\\u000b\\u001b\\u001f")]
    [InlineData("\u007f\u0080\u00a0\ufeff\uffff", "\u007f\u0080\u00a0\ufeff\uffff")]
    [InlineData("é漢\u05d0", "é漢\u05d0")]
    [InlineData("🙂\U0010ffff", "🙂\U0010ffff")]
    [InlineData("\u2027\u2028\u2029\u202a", "\u2027\\u2028\\u2029\u202a")]
    [InlineData("", "")]
    [InlineData("\"🙂\"<", "\\\"🙂\\\"\\u003c")]
    public void Text_is_written_with_the_escapes_of_the_server(string text, string expected)
    {
        ConfigMapPatch.Operations(PatchOperation.Test("/data/k", text)).Json
            .Should().Be($$"""[{"op":"test","path":"/data/k","value":"{{expected}}"}]""");
        ConfigMapPatch.MergeAt("1", [], [], [new("k", text)]).Json
            .Should().Be($$$"""{"metadata":{"resourceVersion":"1","labels":{},"annotations":{}},"data":{"k":"{{{expected}}}"}}""");
    }

    // Not as data of a theory: the metadata of an assembly cannot hold half a character.
    [Fact]
    public void Half_a_character_becomes_the_replacement_character()
    {
        Text_is_written_with_the_escapes_of_the_server("\ud800x", "\ufffdx");
        Text_is_written_with_the_escapes_of_the_server("x\udc00", "x\ufffd");
        Text_is_written_with_the_escapes_of_the_server("\udc00\ud800<", "\ufffd\ufffd\\u003c");
        Text_is_written_with_the_escapes_of_the_server("\ud83d🙂", "\ufffd🙂");
    }

    [Fact]
    public void Long_text_is_escaped_wherever_it_needs_to_be()
    {
        var text = string.Concat(Enumerable.Range(0, 5_000).Select(i => i % 97 == 0 ? "<" : i % 89 == 0 ? "🙂" : "x"));
        Text_is_written_with_the_escapes_of_the_server(text, text.Replace("<", "\\u003c", StringComparison.Ordinal));
    }

    [Fact]
    public void A_path_has_the_escapes_of_a_JSON_pointer()
    {
        PatchOperation.PathOf("data", "a/b~c~1").Should().Be("/data/a~1b~0c~01");
        PatchOperation.PathOf("data", string.Empty).Should().Be("/data/");
    }

    [Fact]
    public void Operations_keep_their_order_and_null_means_that_a_path_is_absent()
    {
        var patch = ConfigMapPatch.Operations(PatchOperation.Test("/a", null), PatchOperation.Add("/b", "1"), PatchOperation.Remove("/c"));

        patch.Json.Should().Be("""[{"op":"test","path":"/a","value":null},{"op":"add","path":"/b","value":"1"},{"op":"remove","path":"/c"}]""");
        patch.Type.Should().Be("application/json-patch+json");
    }

    [Fact]
    public void A_merge_patch_has_the_version_on_which_it_takes_effect_and_null_for_what_it_removes()
    {
        var patch = ConfigMapPatch.MergeAt("7", [new("l", "1")], [new("a", null)], [new("d", "2"), new("e", null)]);

        patch.Json.Should().Be("""{"metadata":{"resourceVersion":"7","labels":{"l":"1"},"annotations":{"a":null}},"data":{"d":"2","e":null}}""");
        patch.Type.Should().Be("application/merge-patch+json");
    }

    [Fact]
    public void A_merge_patch_without_a_version_is_refused() =>
        Invoking(() => ConfigMapPatch.MergeAt(string.Empty, [], [], [])).Should().Throw<ArgumentException>("the server would take it for any version");

    [Fact]
    public void Patches_of_many_threads_and_sizes_are_what_each_was_made_of() => Parallel.For(0, 200, round =>
    {
        var text = new string((char)('a' + (round % 26)), round * 977);
        ConfigMapPatch.Operations(Enumerable.Range(0, 3).Select(_ => PatchOperation.Add("/a", ConfigMapPatch.Operations(PatchOperation.Remove(text)).Json[0] + text)))
            .Json.Should().Be($"[{string.Join(',', Enumerable.Repeat($$"""{"op":"add","path":"/a","value":"[{{text}}"}""", 3))}]");
    });

    [Fact]
    public void A_renewal_allocates_little_more_than_its_text()
    {
        var time = new DateTimeOffset(2025, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var before = LeaderElectionRecord.Parse(null).Held("orders-jobmanager-5f7d9c", TimeSpan.FromSeconds(15), time, time, 3);
        var after = LeaderElectionRecord.Parse(before).Held("orders-jobmanager-5f7d9c", TimeSpan.FromSeconds(15), time, time.AddSeconds(2), 3);
        var term = new TermRecord
        {
            HolderIdentity = "orders-jobmanager-5f7d9c", SessionId = Guid.NewGuid(), FencingToken = 1_234_567, Address = "pekko.tcp://flink@10.0.0.1:6123/user/rpc/dispatcher",
        }.ToJson();
        for (var warm = 0; warm < 200; warm++)
        {
            LockPatches.Replace(new LockTexts(before, term), new LockTexts(after, term), []);
        }

        var start = GC.GetAllocatedBytesForCurrentThread();
        var patch = LockPatches.Replace(new LockTexts(before, term), new LockTexts(after, term), []);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - start;

        patch.Json.Length.Should().BeGreaterThan(800);
        allocated.Should().BeLessThan(3 * 1024, $"the patch has {patch.Json.Length} characters");
    }
}
