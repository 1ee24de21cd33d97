using System.Text.Json.Serialization;

namespace Flink.Kubernetes.HA.TestAgent;

[JsonSerializable(typeof(long))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(Dictionary<string, string>))]
internal sealed partial class AgentJsonContext : JsonSerializerContext;
