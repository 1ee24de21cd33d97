using System.Text.Json.Serialization;

namespace Flink.Kubernetes.HA.KubeClient.Model;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ConfigMap))]
[JsonSerializable(typeof(Lease))]
[JsonSerializable(typeof(Pod))]
[JsonSerializable(typeof(PartialObjectMetadata))]
[JsonSerializable(typeof(KubeStatus))]
[JsonSerializable(typeof(KubeListMeta))]
internal sealed partial class KubeJsonContext : JsonSerializerContext;
