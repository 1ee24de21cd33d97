using System.Text.Json;
using k8s.Models;

namespace Flink.Kubernetes.HA.Tests.ConfigMaps;

/// <summary>Whatever a server sends, callers see one exception and no null, and nobody can change what a watch shares.</summary>
public sealed class HostileResponseTests : RequestTest
{
    private const string Full =
        """
        {"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a","namespace":"ns","uid":"u","resourceVersion":"7","creationTimestamp":"2025-01-01T00:00:00Z",
        "labels":{"app":"orders"},"annotations":{"x":"{\"a\":1}"},"managedFields":[{"manager":"m","operation":"Update","apiVersion":"v1","time":"2025-01-01T00:00:00Z",
        "fieldsType":"FieldsV1","fieldsV1":{"f:data":{".":{}}}}],"ownerReferences":[{"kind":"Deployment","name":"d","uid":"d","apiVersion":"apps/v1","controller":true}],
        "finalizers":["f"],"generation":3},"data":{"k":"v"},"binaryData":{"b":"AAEC"},"immutable":false}
        """;

    private static readonly string[] Replacements =
    [
        "null", "true", "7", "-1e999", "1e400", "\"\"", "\"x\"", "\"\\ud800\"", "\"9999-99-99T00:00:00Z\"", "[]", "{}", "[null]", "{\"x\":null}", "{\"x\":{\"y\":null}}", "[[[[]]]]",
    ];

    [Theory]
    [InlineData("""{"labels":null,"annotations":null}""", "null")]
    [InlineData("""{"labels":{"x":null},"annotations":{"x":null}}""", """{"x":null}""")]
    public async Task Null_collections_are_empty_and_null_values_absent(string metadata, string entries)
    {
        var item = JsonNode.Parse(Answer.ConfigMap)!.AsObject();
        foreach (var (name, value) in JsonNode.Parse(metadata)!.AsObject().ToList())
        {
            item["metadata"]![name] = value?.DeepClone();
        }

        item["data"] = JsonNode.Parse(entries);
        item["binaryData"] = JsonNode.Parse(entries);
        Responds(200, item.ToJsonString());

        var seen = await Requests.GetAsync(Key, metadataOnly: false, Canceled);

        (seen.Labels.Count, seen.Annotations.Count, seen.Data.Count, seen.BinaryData.Count, seen.Annotation("x")).Should().Be((0, 0, 0, 0, null));
    }

    [Theory]
    [InlineData("get", 1)]
    [InlineData("list", 2)]
    [InlineData("watch", 3)]
    [InlineData("patch", 4)]
    [InlineData("delete", 5)]
    public async Task A_thousand_damaged_responses_are_a_failure_of_the_one_kind_or_an_object_without_nulls(string verb, int seed)
    {
        var random = new Random(seed);
        var body = verb switch
        {
            "list" => $$$"""{"kind":"ConfigMapList","apiVersion":"v1","metadata":{"resourceVersion":"9"},"items":[{{{Full}}},{{{Full}}}]}""",
            "watch" => $$"""{"type":"MODIFIED","object":{{Full.ReplaceLineEndings(string.Empty)}}}""",
            _ => Full,
        };
        var failures = 0;
        for (var round = 0; round < 1_000; round++)
        {
            var damaged = Damage(body, random) + (verb == "watch" ? "\n" : string.Empty);
            Responds(200, damaged);
            try
            {
                foreach (var item in await SeenAsync(verb))
                {
                    item.Key.Name.Should().NotBeNullOrEmpty();
                    item.Labels.Concat(item.Annotations).Concat(item.Data).Should().NotContain(entry => entry.Key == null || entry.Value == null);
                    (item.Uid, item.ResourceVersion).Should().NotBe((null, null));
                }
            }
            catch (Exception exception)
            {
                exception.Should().BeOfType<KubernetesHaException>($"round {round} had {damaged}");
                failures++;
            }
        }

        failures.Should().BeInRange(100, 999, "some damage is harmless and some is not");
    }

    [Fact]
    public void Nothing_that_is_shared_can_be_changed()
    {
        var model = new V1ConfigMap
        {
            Metadata = new V1ObjectMeta
            {
                Name = "a", NamespaceProperty = "ns", Uid = "u", ResourceVersion = "7",
                Labels = new Dictionary<string, string> { ["l"] = "1" }, Annotations = new Dictionary<string, string> { ["n"] = "1" },
            },
            Data = new Dictionary<string, string> { ["d"] = "1" },
            BinaryData = new Dictionary<string, byte[]> { ["b"] = [1] },
        };
        var shared = ConfigMap.From(model)!;

        model.Metadata.Labels["l"] = model.Metadata.Annotations["n"] = model.Data["d"] = "2";
        model.Metadata.Name = "b";

        (shared.Key, shared.Labels["l"], shared.Annotation("n"), shared.Data["d"]).Should().Be((Key, "1", "1", "1"));
        foreach (var entries in (IEnumerable<IReadOnlyDictionary<string, string>>)[shared.Labels, shared.Annotations, shared.Data, new ConfigMap(Key).Data])
        {
            ((IDictionary<string, string>)entries).Invoking(open => open["l"] = "2").Should().Throw<NotSupportedException>();
        }
    }

    private async Task<IEnumerable<ConfigMap>> SeenAsync(string verb)
    {
        switch (verb)
        {
            case "get":
                return [await Requests.GetAsync(Key, metadataOnly: false, Canceled)];
            case "list":
                return (await Requests.ListAsync("ns", new ConfigMapSelection(), Canceled)).Items;
            case "patch":
                return [await Requests.PatchAsync(Key, Patch, Canceled)];
            case "watch":
                return (await ReadAllAsync(Requests.WatchAsync("ns", new ConfigMapSelection(), "1", TimeSpan.FromMinutes(5), Canceled))).Select(one => one.ConfigMap).OfType<ConfigMap>();
            default:
                await CallAsync(verb);
                return [];
        }
    }

    /// <summary>Replaces or removes a value, or cuts the text, or puts something into it.</summary>
    private static string Damage(string json, Random random)
    {
        if (random.Next(5) == 0)
        {
            var at = random.Next(json.Length);
            return random.Next(3) switch
            {
                0 => json[..at],
                1 => json.Insert(at, ((char)random.Next(1, 128)).ToString()).ReplaceLineEndings(" "),
                _ => json.Remove(at, 1),
            };
        }

        var root = JsonNode.Parse(json)!;
        var nodes = Members(root).ToList();
        var (parent, name) = nodes[random.Next(nodes.Count)];
        var value = random.Next(Replacements.Length + 1);
        var marker = $"@{Guid.NewGuid()}@";
        switch (parent)
        {
            case JsonObject open when value == Replacements.Length:
                open.Remove(name);
                break;
            case JsonObject open:
                open[name] = marker;
                break;
            case JsonArray list:
                list[int.Parse(name, CultureInfo.InvariantCulture)] = marker;
                break;
        }

        return root.ToJsonString(new JsonSerializerOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping })
            .Replace($"\"{marker}\"", value == Replacements.Length ? "[]" : Replacements[value], StringComparison.Ordinal);
    }

    private static IEnumerable<(JsonNode Parent, string Name)> Members(JsonNode? node) => node switch
    {
        JsonObject open => open.SelectMany(member => Members(member.Value).Prepend((open, member.Key))),
        JsonArray list => list.SelectMany((item, index) => Members(item).Prepend((list, index.ToString(CultureInfo.InvariantCulture)))),
        _ => [],
    };
}
