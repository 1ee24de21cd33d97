using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Flink.Kubernetes.HA.KubeClient.Authentication;

/// <summary>Reads certificates and keys from PEM.</summary>
internal static class PemCertificates
{
    /// <summary>All certificates of a bundle, at least one.</summary>
    public static X509Certificate2Collection ReadAuthorities(string pem, string origin)
    {
        var authorities = new X509Certificate2Collection();
        try
        {
            authorities.ImportFromPem(pem);
        }
        catch (CryptographicException e)
        {
            throw new KubeConfigException($"{origin}: a certificate of the authority cannot be read: {e.Message}", e);
        }

        return authorities.Count > 0
            ? authorities
            : throw new KubeConfigException($"{origin}: there is no certificate in it. It must be PEM: -----BEGIN CERTIFICATE-----.");
    }

    /// <summary>The first certificate with its private key: RSA or EC, as PKCS#8, PKCS#1 or SEC1.</summary>
    public static X509Certificate2 ReadClient(string certificatePem, string keyPem, string origin)
    {
        if (keyPem.Contains("ENCRYPTED", StringComparison.Ordinal))
        {
            throw new KubeConfigException($"{origin}: the private key is encrypted. Decrypt it, for example with 'openssl pkey -in KEY -out NEW'.");
        }

        try
        {
            var certificate = X509Certificate2.CreateFromPem(certificatePem, keyPem);
            return OperatingSystem.IsWindows() ? WithStoredKey(certificate) : certificate;
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException or NotSupportedException)
        {
            throw new KubeConfigException(
                $"{origin}: the client certificate and its key cannot be used: {e.Message} " +
                "Both must be PEM, the key RSA or EC and the one that belongs to the certificate.", e);
        }
    }

    // Windows' TLS does not take a key that lives in memory only.
    private static X509Certificate2 WithStoredKey(X509Certificate2 certificate)
    {
        using (certificate)
        {
            return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), password: null);
        }
    }
}
