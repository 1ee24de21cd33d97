namespace Flink.Kubernetes.HA.KubeClient;

/// <summary>The way to the API server or the credential for it is not configured right: what is wrong, where, and what to do.</summary>
/// <remarks>It never carries a token or a key.</remarks>
public sealed class KubeConfigException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">The file and the entry, what is wrong with it and what to do.</param>
    /// <param name="innerException">The cause, if there is one.</param>
    public KubeConfigException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
