namespace Flink.Kubernetes.HA.S3;

/// <summary>Specifies how the data of a request is signed.</summary>
public enum S3PayloadSigning
{
    /// <summary>In chunks while it is sent (<c>STREAMING-...</c>), as the AWS SDK does by default.</summary>
    Chunked,

    /// <summary>By one hash of all data, which is computed before it is sent. Every server accepts it.</summary>
    Whole,

    /// <summary>Not at all (<c>UNSIGNED-PAYLOAD</c>); needs HTTPS, which protects the data then.</summary>
    Unsigned,
}
