namespace Flink.Kubernetes.HA.Testing;

/// <summary>An implementation does not do what a conformance case demands.</summary>
public sealed class ConformanceException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What was expected and what was found.</param>
    /// <param name="innerException">What was thrown instead, if anything was.</param>
    public ConformanceException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
