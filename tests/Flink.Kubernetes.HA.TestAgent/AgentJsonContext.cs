using System.Text.Json.Serialization;

namespace Flink.Kubernetes.HA.TestAgent;

[JsonSerializable(typeof(long))]
[JsonSerializable(typeof(string))]
internal sealed partial class AgentJsonContext : JsonSerializerContext;
