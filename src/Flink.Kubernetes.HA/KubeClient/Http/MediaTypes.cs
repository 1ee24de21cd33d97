namespace Flink.Kubernetes.HA.KubeClient.Http;

internal static class MediaTypes
{
    public const string Json = "application/json";

    // The server then leaves the content out of the answer, of watch events too: for a full ConfigMap 1 MB less per event.
    public const string Metadata = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";

    public const string MetadataList = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
}
