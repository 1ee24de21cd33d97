namespace Flink.Kubernetes.HA;

/// <summary>A request whose sender reads the body of the response itself, with a token that ends the read.</summary>
internal sealed class StreamedRequest(HttpMethod method, Uri uri) : HttpRequestMessage(method, uri);
