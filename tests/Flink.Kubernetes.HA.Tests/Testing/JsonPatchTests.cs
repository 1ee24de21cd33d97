using System.Text.Json.Nodes;
using Flink.Kubernetes.HA.Testing.ApiServer;

namespace Flink.Kubernetes.HA.Tests.Testing;

/// <summary>The examples of RFC 6902, appendix A, and what kube-apiserver 1.20 and the library of 1.36 answer alike where they differ from it.</summary>
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
    [InlineData("""{"foo":{"a":"b","c":[1]}}""", """[{"op":"test","path":"/foo","value":{"c":[1],"a":"b"}}]""", """{"foo":{"a":"b","c":[1]}}""")]
    [InlineData("""{"data":{}}""", """[{"op":"test","path":"/data/k","value":null},{"op":"add","path":"/data/k","value":"v"}]""", """{"data":{"k":"v"}}""")]
    [InlineData("""{"foo":null}""", """[{"op":"remove","path":"/foo"}]""", """{}""")]
    [InlineData("""{"foo":"bar"}""", """[{"op":"replace","path":"/baz","value":1}]""", """{"foo":"bar","baz":1}""")]
    [InlineData("""{"foo":1}""", """[{"op":"copy","from":"/bar","path":"/baz"}]""", """{"foo":1,"baz":null}""")]
    [InlineData("""{"foo":1}""", """[{"op":"add","path":"/bar"}]""", """{"foo":1,"bar":null}""")]
    [InlineData("""{"foo":1}""", """[{"op":"test","path":"/bar"}]""", """{"foo":1}""")]
    [InlineData("""{}""", """[{"op":"test","path":"/data","value":null}]""", """{}""")]
    [InlineData("""{"foo":1}""", """[{"op":"add","path":"no/bar","value":2}]""", """{"foo":1,"bar":2}""")]
    [InlineData("""{"foo":[1,2]}""", """[{"op":"remove","path":"/foo/01"}]""", """{"foo":[1]}""")]
    [InlineData("""{"foo":[1,2]}""", """[{"op":"remove","path":"/foo/-1"}]""", """{"foo":[1]}""")]
    [InlineData("""{"foo":[1,2]}""", """[{"op":"add","path":"/foo/-2","value":3}]""", """{"foo":[1,3,2]}""")]
    [InlineData("""{"foo":[1,2]}""", """[{"op":"move","from":"/foo/0","path":"/foo/-"}]""", """{"foo":[2,1]}""")]
    [InlineData("""{"foo":"\u003c"}""", """[{"op":"test","path":"/foo","value":"\u003c"}]""", """{"foo":"<"}""")]
    [InlineData("""{"foo":1}""", "null", """{"foo":1}""")]
    [InlineData("""{"foo":1}""", "[]", """{"foo":1}""")]
    public void A_patch_that_applies_gives(string document, string patch, string expected) =>
        JsonNode.DeepEquals(JsonPatch.Apply(JsonNode.Parse(document), JsonNode.Parse(patch)), JsonNode.Parse(expected)).Should().BeTrue();

    [Theory]
    [InlineData("""{"baz":"qux"}""", """[{"op":"test","path":"/baz","value":"bar"}]""")]
    [InlineData("""{"foo":"bar"}""", """[{"op":"add","path":"/baz/bat","value":"qux"}]""")]
    [InlineData("""{"/":9,"~1":10}""", """[{"op":"test","path":"/~01","value":"10"}]""")]
    [InlineData("""{"foo":"bar"}""", """[{"op":"remove","path":"/baz"}]""")]
    [InlineData("""{"foo":[1]}""", """[{"op":"add","path":"/foo/2","value":1}]""")]
    [InlineData("""{"foo":[1]}""", """[{"op":"remove","path":"/foo/1"}]""")]
    [InlineData("""{"foo":[1]}""", """[{"op":"replace","path":"/foo/-","value":1}]""")]
    [InlineData("""{"foo":{"bar":1}}""", """[{"op":"move","from":"/foo","path":"/foo/bar"}]""")]
    [InlineData("""{"foo":1}""", """[{"op":"add","path":"bar","value":1}]""")]
    [InlineData("""{"foo":1}""", """[{"op":"jump","path":"/bar"}]""")]
    [InlineData("""{"data":{"k":"v"}}""", """[{"op":"test","path":"/data/k","value":null}]""")]
    [InlineData("""{}""", """[{"op":"test","path":"/data/k","value":null}]""")]
    [InlineData("""{}""", """[{"op":"test","path":"/data/k"}]""")]
    [InlineData("""{}""", """[{"op":"replace","path":"/data/k","value":"v"}]""")]
    [InlineData("""{}""", """[{"op":"copy","from":"/data/k","path":"/k"}]""")]
    [InlineData("""{}""", """[{"op":"move","from":"/k","path":"/l"}]""")]
    [InlineData("""{"foo":1}""", """[{"op":"add","path":"","value":{}}]""")]
    [InlineData("""{"foo":1}""", """[{"op":"remove","path":""}]""")]
    [InlineData("""{"foo":1}""", """[{"op":"test","path":"","value":null}]""")]
    [InlineData("""{"foo":1}""", """[{"path":"/foo"}]""")]
    [InlineData("""{"foo":15}""", """[{"op":"test","path":"/foo","value":15.0}]""")]
    [InlineData("""{"foo":"v"}""", """[{"op":"test","path":"/foo","value":"\u0076"}]""")]
    [InlineData("""{"foo":"\u003c"}""", """[{"op":"test","path":"/foo","value":"<"}]""")]
    [InlineData("""{"foo":[1]}""", """[{"op":"test","path":"/foo/5","value":null}]""")]
    [InlineData("""{"foo":[1]}""", """[{"op":"remove","path":"/foo/-2"}]""")]
    public void A_patch_that_does_not_apply_is_answered_422(string document, string patch) =>
        FluentActions.Invoking(() => JsonPatch.Apply(JsonNode.Parse(document), JsonNode.Parse(patch))).Should().Throw<ApiError>().Which.Status.Should().Be(422);

    [Theory]
    [InlineData("""{"op":"add"}""")]
    [InlineData("""["add"]""")]
    public void A_patch_that_is_none_is_answered_400(string patch) =>
        FluentActions.Invoking(() => JsonPatch.Apply(new JsonObject(), JsonNode.Parse(patch))).Should().Throw<ApiError>().Which.Status.Should().Be(400);

    [Fact]
    public void More_than_ten_thousand_operations_are_answered_413()
    {
        var patch = new JsonArray([.. Enumerable.Range(0, 10_001).Select(_ => new JsonObject { ["op"] = "test", ["path"] = "/k" })]);

        FluentActions.Invoking(() => JsonPatch.Apply(new JsonObject(), patch)).Should().Throw<ApiError>().Which.Status.Should().Be(413);
        patch.RemoveAt(0);
        JsonPatch.Apply(new JsonObject(), patch).Should().NotBeNull();
    }
}
