using System.Text.Json.Nodes;
using Flink.Kubernetes.HA.KubeClient;
using Xunit;

namespace Flink.Kubernetes.HA.Tests.KubeClient;

/// <summary>A real server compares the value of a test as encoded bytes: the escapes must be the server's.</summary>
public sealed class KubePatchTextTests
{
    [Theory]
    [InlineData("\"", "\\\"")]
    [InlineData("\\", "\\\\")]
    [InlineData("/", "/")]
    [InlineData("<>&", "\\u003c\\u003e\\u0026")]
    [InlineData("'+`", "'+`")]
    [InlineData("\n\r\t", "\\n\\r\\t")]
    [InlineData("\0\u0001\u001f", "\\u0000\\u0001\\u001f")]
    [InlineData("\u007f", "\u007f")]
    [InlineData("é漢", "é漢")]
    [InlineData("🙂", "🙂")]
    [InlineData("\u2028\u2029", "\\u2028\\u2029")]
    public void Text_is_written_with_the_escapes_of_the_server(string text, string expected) =>
        Assert.Equal($$"""[{"op":"test","path":"/data/k","value":"{{expected}}"}]""", KubePatch.Json(JsonPatchOperation.Test("/data/k", text)).ToString());

    [Fact]
    public void Half_a_character_becomes_the_replacement_character() =>
        Assert.Equal("""[{"op":"test","path":"/data/k","value":"\ufffdx"}]""".Replace("\\ufffd", "\ufffd", StringComparison.Ordinal), KubePatch.Json(JsonPatchOperation.Test("/data/k", "\ud800x")).ToString());

    [Fact]
    public void Nested_values_are_written_the_same_way_and_the_rest_as_it_is()
    {
        var value = new JsonObject { ["a"] = new JsonArray("<", 1, true, null), ["b"] = new JsonObject { ["c"] = 1.5 } };
        Assert.Equal("""{"data":{"a":["\u003c",1,true,null],"b":{"c":1.5}}}""", KubePatch.Merge(new JsonObject { ["data"] = value }).ToString());
    }
}
