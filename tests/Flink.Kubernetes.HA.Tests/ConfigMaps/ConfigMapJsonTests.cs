using System.Text;
using System.Text.Json;
using k8s;
using k8s.Models;

namespace Flink.Kubernetes.HA.Tests.ConfigMaps;

/// <summary>Frequent answers are read without the official models, to the same result.</summary>
public sealed class ConfigMapJsonTests
{
    private const string Full = """
        {"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a","namespace":"ns","uid":"u","resourceVersion":"7",
        "creationTimestamp":"2026-01-02T03:04:05Z","labels":{"app":"orders","nothing":null},
        "annotations":{"lock":"{\"renewTime\":\"1 é 🙂\"}","term":"{\"token\":1}"},"managedFields":[{"manager":"m","fieldsV1":{"f:data":{".":{},"f:k":{}}}}]},
        "data":{"k":"v","empty":""},"immutable":true,"binaryData":{"b":"AQI="}}
        """;

    [Fact]
    public void What_is_read_is_what_the_official_client_reads()
    {
        var official = ConfigMap.From(KubernetesJson.Deserialize<V1ConfigMap>(Full))!;

        var read = Read(Full, last: null)!;

        read.Should().BeEquivalentTo(official, options => options.Excluding(item => item.BinaryData));
        read.BinaryData["b"].ToArray().Should().Equal(official.BinaryData["b"].ToArray()).And.Equal(1, 2);
    }

    [Fact]
    public void What_has_not_changed_is_not_allocated_again()
    {
        var before = Read(Full, last: null)!;

        var after = Read(Full.Replace("renewTime\\\":\\\"1", "renewTime\\\":\\\"2", StringComparison.Ordinal).Replace("\"7\"", "\"8\"", StringComparison.Ordinal), before)!;

        after.Labels.Should().BeSameAs(before.Labels);
        after.Annotation("term").Should().BeSameAs(before.Annotation("term"));
        (after.Annotation("lock"), after.ResourceVersion).Should().Be(("{\"renewTime\":\"2 é 🙂\"}", "8"));
        before.Annotation("lock").Should().Be("{\"renewTime\":\"1 é 🙂\"}");
    }

    [Theory]
    [InlineData("""{"app":"orders"}""", """{"app":"orders","more":"1"}""")]
    [InlineData("""{"app":"orders","more":"1"}""", """{"app":"orders"}""")]
    [InlineData("""{"app":"orders"}""", """{"app":"other"}""")]
    [InlineData("""{"app":"orders"}""", "null")]
    [InlineData("""{"app":"orders"}""", "{}")]
    public void What_was_added_removed_or_changed_is_seen(string before, string after)
    {
        var first = Read(Labeled(before), last: null)!;

        Read(Labeled(after), first)!.Labels.Should().BeEquivalentTo(Read(Labeled(after), last: null)!.Labels).And.NotBeEquivalentTo(first.Labels);
    }

    [Theory]
    [InlineData("""{"kind":"ConfigMap","metadata":{"name":1}}""")]
    [InlineData("""{"kind":"ConfigMap","metadata":[]}""")]
    [InlineData("""{"kind":"ConfigMap","data":{"k":{}}}""")]
    [InlineData("""{"kind":"ConfigMap","metadata":{"name":"a" """)]
    [InlineData("[]")]
    public void What_is_no_ConfigMap_is_refused(string json)
    {
        var read = () => Read(json, last: null);

        read.Should().Throw<JsonException>();
    }

    private static string Labeled(string labels) =>
        """{"kind":"PartialObjectMetadata","metadata":{"name":"a","namespace":"ns","uid":"u","resourceVersion":"7","labels":""" + labels + "}}";

    private static ConfigMap? Read(string json, ConfigMap? last)
    {
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(json));
        reader.Read();
        return ConfigMapJson.Read(ref reader, last).ConfigMap;
    }
}
