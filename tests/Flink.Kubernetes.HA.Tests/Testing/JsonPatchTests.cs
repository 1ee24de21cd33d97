using System.Text.Json.Nodes;
using Flink.Kubernetes.HA.Testing.ApiServer;
using Xunit;

namespace Flink.Kubernetes.HA.Tests.Testing;

/// <summary>The examples of RFC 6902, appendix A, and what Kubernetes does beyond it.</summary>
public sealed class JsonPatchTests
{
    [Theory]
    [InlineData("""{"foo":"bar"}""", """[{"op":"add","path":"/baz","value":"qux"}]""", """{"baz":"qux","foo":"bar"}""")]
    [InlineData("""{"foo":["bar","baz"]}""", """[{"op":"add","path":"/foo/1","value":"qux"}]""", """{"foo":["bar","qux","baz"]}""")]
    [InlineData("""{"baz":"qux","foo":"bar"}""", """[{"op":"remove","path":"/baz"}]""", """{"foo":"bar"}""")]
    [InlineData("""{"foo":["bar","qux","baz"]}""", """[{"op":"remove","path":"/foo/1"}]""", """{"foo":["bar","baz"]}""")]
    [InlineData("""{"baz":"qux","foo":"bar"}""", """[{"op":"replace","path":"/baz","value":"boo"}]""", """{"baz":"boo","foo":"bar"}""")]
    [InlineData("""{"foo":{"bar":"baz","waldo":"fred"},"qux":{"corge":"grault"}}""", """[{"op":"move","from":"/foo/waldo","path":"/qux/thud"}]""", """{"foo":{"bar":"baz"},"qux":{"corge":"grault","thud":"fred"}}""")]
    [InlineData("""{"foo":["all","grass","cows","eat"]}""", """[{"op":"move","from":"/foo/1","path":"/foo/3"}]""", """{"foo":["all","cows","eat","grass"]}""")]
    [InlineData("""{"baz":"qux","foo":["a",2,"c"]}""", """[{"op":"test","path":"/baz","value":"qux"},{"op":"test","path":"/foo/1","value":2}]""", """{"baz":"qux","foo":["a",2,"c"]}""")]
    [InlineData("""{"foo":"bar"}""", """[{"op":"add","path":"/child","value":{"grandchild":{}}}]""", """{"foo":"bar","child":{"grandchild":{}}}""")]
    [InlineData("""{"foo":"bar"}""", """[{"op":"add","path":"/baz","value":"qux","xyz":123}]""", """{"foo":"bar","baz":"qux"}""")]
    [InlineData("""{"/":9,"~1":10}""", """[{"op":"test","path":"/~01","value":10}]""", """{"/":9,"~1":10}""")]
    [InlineData("""{"/":9}""", """[{"op":"test","path":"/~1","value":9},{"op":"replace","path":"/~1","value":8}]""", """{"/":8}""")]
    [InlineData("""{"foo":["bar"]}""", """[{"op":"add","path":"/foo/-","value":["abc","def"]}]""", """{"foo":["bar",["abc","def"]]}""")]
    [InlineData("""{"foo":{"a":1}}""", """[{"op":"copy","from":"/foo","path":"/bar"},{"op":"replace","path":"/bar/a","value":2}]""", """{"foo":{"a":1},"bar":{"a":2}}""")]
    [InlineData("""{"foo":1}""", """[{"op":"replace","path":"","value":{"bar":2}}]""", """{"bar":2}""")]
    [InlineData("""{"foo":{"bar":1}}""", """[{"op":"test","path":"/foo","value":{"bar":1.0}}]""", """{"foo":{"bar":1}}""")]
    [InlineData("""{"data":{}}""", """[{"op":"test","path":"/data/k","value":null},{"op":"add","path":"/data/k","value":"v"}]""", """{"data":{"k":"v"}}""")]
    [InlineData("""{"foo":null}""", """[{"op":"remove","path":"/foo"}]""", """{}""")]
    public void A_patch_that_applies_gives(string document, string patch, string expected) =>
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), JsonPatch.Apply(JsonNode.Parse(document), JsonNode.Parse(patch)!)));

    [Theory]
    [InlineData("""{"baz":"qux"}""", """[{"op":"test","path":"/baz","value":"bar"}]""")]
    [InlineData("""{"foo":"bar"}""", """[{"op":"add","path":"/baz/bat","value":"qux"}]""")]
    [InlineData("""{"/":9,"~1":10}""", """[{"op":"test","path":"/~01","value":"10"}]""")]
    [InlineData("""{"foo":"bar"}""", """[{"op":"remove","path":"/baz"}]""")]
    [InlineData("""{"foo":"bar"}""", """[{"op":"replace","path":"/baz","value":1}]""")]
    [InlineData("""{"foo":[1]}""", """[{"op":"add","path":"/foo/2","value":1}]""")]
    [InlineData("""{"foo":[1]}""", """[{"op":"remove","path":"/foo/1"}]""")]
    [InlineData("""{"foo":[1]}""", """[{"op":"replace","path":"/foo/-","value":1}]""")]
    [InlineData("""{"foo":[1,2]}""", """[{"op":"remove","path":"/foo/01"}]""")]
    [InlineData("""{"foo":{"bar":1}}""", """[{"op":"move","from":"/foo","path":"/foo/bar"}]""")]
    [InlineData("""{"foo":1}""", """[{"op":"copy","from":"/bar","path":"/baz"}]""")]
    [InlineData("""{"foo":1}""", """[{"op":"add","path":"bar","value":1}]""")]
    [InlineData("""{"foo":1}""", """[{"op":"add","path":"/bar"}]""")]
    [InlineData("""{"foo":1}""", """[{"op":"jump","path":"/bar"}]""")]
    [InlineData("""{"data":{"k":"v"}}""", """[{"op":"test","path":"/data/k","value":null}]""")]
    [InlineData("""{}""", """[{"op":"test","path":"/data/k","value":null}]""")]
    public void A_patch_that_does_not_apply_is_answered_422(string document, string patch) =>
        Assert.Equal(422, Assert.Throws<ApiError>(() => JsonPatch.Apply(JsonNode.Parse(document), JsonNode.Parse(patch)!)).Status);

    [Theory]
    [InlineData("""{"op":"add"}""")]
    [InlineData("""["add"]""")]
    public void A_patch_that_is_none_is_answered_400(string patch) =>
        Assert.Equal(400, Assert.Throws<ApiError>(() => JsonPatch.Apply(new JsonObject(), JsonNode.Parse(patch)!)).Status);
}
