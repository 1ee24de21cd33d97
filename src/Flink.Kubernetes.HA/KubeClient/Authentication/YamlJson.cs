using System.Globalization;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Flink.Kubernetes.HA.KubeClient.Authentication;

/// <summary>Turns YAML into the JSON that it stands for.</summary>
internal static class YamlJson
{
    // Anchors can make a node contain itself.
    private const int DeepestNesting = 64;

    public static JsonNode? Convert(YamlNode node) => Convert(node, depth: 0);

    private static JsonNode? Convert(YamlNode node, int depth)
    {
        if (depth > DeepestNesting)
        {
            throw new KubeConfigException($"A cluster extension of the kubeconfig is nested deeper than {DeepestNesting} levels, or contains itself.");
        }

        return node switch
        {
            YamlMappingNode mapping => new JsonObject(mapping.Children.Select(c => KeyValuePair.Create(c.Key.ToString(), Convert(c.Value, depth + 1)))),
            YamlSequenceNode sequence => new JsonArray([.. sequence.Children.Select(c => Convert(c, depth + 1))]),
            YamlScalarNode { Style: ScalarStyle.Plain, Value: var text } => Plain(text),
            _ => JsonValue.Create(((YamlScalarNode)node).Value),
        };
    }

    // The core schema of YAML 1.2, without octal and hexadecimal numbers.
    private static JsonValue? Plain(string? text) => text switch
    {
        null or "" or "~" or "null" or "Null" or "NULL" => null,
        "true" or "True" or "TRUE" => JsonValue.Create(true),
        "false" or "False" or "FALSE" => JsonValue.Create(false),
        _ when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) => JsonValue.Create(whole),
        _ when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var real) && double.IsFinite(real) && !char.IsLetter(text[0]) => JsonValue.Create(real),
        _ => JsonValue.Create(text),
    };
}
