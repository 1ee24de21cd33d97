using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Flink.Kubernetes.HA.Testing.Conformance;

[JsonSerializable(typeof(JsonObject))]
internal sealed partial class ConformanceJsonContext : JsonSerializerContext;
