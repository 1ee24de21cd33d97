using System.Net;
using k8s.Models;

namespace Flink.Kubernetes.HA.Tests.Testing;

public sealed class InMemoryValidationTests : InMemoryCluster
{
    [Theory]
    [InlineData("Upper")]
    [InlineData("-a")]
    [InlineData("a..b")]
    [InlineData("a_b")]
    [InlineData(null)]
    public async Task A_name_that_is_no_subdomain_is_invalid(string? name) =>
        (await RefusalOfAsync(() => CreateAsync(NewMap(name)))).Should().Be((HttpStatusCode.UnprocessableEntity, "Invalid"));

    [Fact]
    public async Task Data_may_have_one_mebibyte_and_no_more()
    {
        await CreateAsync(NewMap("a", ("k", new string('x', 1_048_576))));

        (await RefusalOfAsync(() => PatchAsync("""{"op":"add","path":"/data/l","value":"y"}"""))).Reason.Should().Be("Invalid");
        (await ReadAsync()).Data["k"].Should().HaveLength(1_048_576);
    }

    [Fact]
    public async Task Annotations_may_have_a_quarter_of_that()
    {
        await CreateAsync(Annotated("a", 262_143));

        (await RefusalOfAsync(() => CreateAsync(Annotated("b", 262_144)))).Reason.Should().Be("Invalid");

        static V1ConfigMap Annotated(string name, int length)
        {
            var map = NewMap(name);
            map.Metadata.Annotations = new Dictionary<string, string> { ["k"] = new('x', length) };
            return map;
        }
    }

    [Fact]
    public async Task A_request_may_have_three_mebibytes_and_no_more() =>
        (await RefusalOfAsync(() => CreateAsync(NewMap("a", ("k", new string('x', 3 * 1024 * 1024))))))
            .Should().Be((HttpStatusCode.RequestEntityTooLarge, "RequestEntityTooLarge"));

    [Theory]
    [InlineData("a b")]
    [InlineData("a/b")]
    [InlineData("..")]
    public async Task A_key_that_is_no_file_name_is_invalid(string key) =>
        (await RefusalOfAsync(() => CreateAsync(NewMap("a", (key, "v"))))).Reason.Should().Be("Invalid");

    [Fact]
    public async Task Immutable_data_cannot_be_changed_but_labels_can()
    {
        var map = NewMap("a", ("k", "v"));
        map.Immutable = true;
        await CreateAsync(map);

        (await RefusalOfAsync(() => PatchAsync("""{"op":"replace","path":"/data/k","value":"w"}"""))).Reason.Should().Be("Invalid");
        (await RefusalOfAsync(() => PatchAsync("""{"op":"replace","path":"/immutable","value":false}"""))).Reason.Should().Be("Invalid");
        (await PatchAsync("""{"op":"add","path":"/metadata/labels","value":{"a":"b"}}""")).Metadata.Labels["a"].Should().Be("b");
    }

    [Theory]
    [InlineData("/metadata/name", "\"b\"", "BadRequest")]
    [InlineData("/metadata/namespace", "\"b\"", "BadRequest")]
    [InlineData("/metadata/uid", "\"b\"", "Invalid")]
    [InlineData("/metadata/resourceVersion", "\"1\"", "Conflict")]
    [InlineData("/data/k", "5", "Invalid")]
    [InlineData("/kind", "\"Pod\"", "Invalid")]
    public async Task What_belongs_to_the_server_and_the_types_of_fields_cannot_be_patched(string path, string value, string reason)
    {
        await CreateAsync(NewMap("a", ("k", "v")));

        (await RefusalOfAsync(() => PatchAsync($$"""{"op":"replace","path":"{{path}}","value":{{value}}}"""))).Reason.Should().Be(reason);
    }
}
