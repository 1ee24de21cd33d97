namespace Flink.Kubernetes.HA.S3;

/// <summary>Specifies how the server encrypts what is written.</summary>
public enum S3EncryptionMode
{
    /// <summary>As the bucket is configured; no header is sent.</summary>
    BucketDefault,

    /// <summary>SSE-S3: with a key of S3 (<c>AES256</c>).</summary>
    S3Managed,

    /// <summary>SSE-KMS: with a key of the Key Management Service (<c>aws:kms</c>).</summary>
    Kms,

    /// <summary>DSSE-KMS: twice, with a key of the Key Management Service (<c>aws:kms:dsse</c>).</summary>
    KmsDualLayer,

    /// <summary>SSE-C: with a key that is sent with every request and that the server does not keep; needs HTTPS.</summary>
    CustomerKey,
}
