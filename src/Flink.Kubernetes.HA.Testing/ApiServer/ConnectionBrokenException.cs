namespace Flink.Kubernetes.HA.Testing.ApiServer;

/// <summary>The connection to the server broke, or there is no server: no answer came.</summary>
internal sealed class ConnectionBrokenException(string message) : IOException(message);
