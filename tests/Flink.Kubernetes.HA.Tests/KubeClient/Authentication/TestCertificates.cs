using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Flink.Kubernetes.HA.Tests.KubeClient.Authentication;

/// <summary>Certificates and keys in the forms that kubeconfigs hold.</summary>
internal static class TestCertificates
{
    public static (string Certificate, string Key) Create(string form, string name = "admin")
    {
        var (from, to) = (new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2090, 1, 1, 0, 0, 0, TimeSpan.Zero));
        if (form.StartsWith("EC", StringComparison.Ordinal))
        {
            using var ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            using var certificate = new CertificateRequest($"CN={name}", ec, HashAlgorithmName.SHA256).CreateSelfSigned(from, to);
            return (certificate.ExportCertificatePem(), form switch
            {
                "EC SEC1" => ec.ExportECPrivateKeyPem(),
                "EC SEC1 after its parameters" => $"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n{ec.ExportECPrivateKeyPem()}",
                "EC PKCS8" => ec.ExportPkcs8PrivateKeyPem(),
                _ => throw new ArgumentException(form, nameof(form)),
            });
        }

        using var rsa = RSA.Create(2048);
        using var rsaCertificate = new CertificateRequest($"CN={name}", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSelfSigned(from, to);
        return (rsaCertificate.ExportCertificatePem(), form switch
        {
            "RSA PKCS1" => rsa.ExportRSAPrivateKeyPem(),
            "RSA PKCS8" => rsa.ExportPkcs8PrivateKeyPem(),
            "RSA encrypted" => rsa.ExportEncryptedPkcs8PrivateKeyPem("SECRET", new PbeParameters(PbeEncryptionAlgorithm.Aes128Cbc, HashAlgorithmName.SHA256, 1)),
            _ => throw new ArgumentException(form, nameof(form)),
        });
    }

    public static string Base64(string pem) => Convert.ToBase64String(Encoding.UTF8.GetBytes(pem));
}
