namespace Flink.Kubernetes.HA.S3;

/// <summary>Specifies when the AWS SDK computes and verifies checksums of S3 (CRC32).</summary>
public enum S3Checksums
{
    /// <summary>Whenever a request supports them.</summary>
    WhenSupported,

    /// <summary>Only where S3 demands them, for servers that do not know them. The storage's own SHA-256 protects the data all the same.</summary>
    WhenRequired,
}
