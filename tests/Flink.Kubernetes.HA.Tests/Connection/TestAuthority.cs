using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Flink.Kubernetes.HA.Tests.Connection;

/// <summary>A certificate authority of the test's own: a root or one below another, and what it has signed.</summary>
internal sealed class TestAuthority
{
    private const string ServerUsage = "1.3.6.1.5.5.7.3.1";
    private const string ClientUsage = "1.3.6.1.5.5.7.3.2";

    private TestAuthority(X509Certificate2 certificate) => Certificate = certificate;

    public X509Certificate2 Certificate { get; }

    public string Pem => Certificate.ExportCertificatePem() + "\n";

    private static DateTimeOffset From => DateTimeOffset.UtcNow.AddHours(-1);

    private static DateTimeOffset Until => DateTimeOffset.UtcNow.AddHours(1);

    public static TestAuthority Root(string name = "root")
    {
        using var key = NewKey();
        return new(Authority(name, key).CreateSelfSigned(From, Until));
    }

    public TestAuthority Intermediate(string name = "intermediate")
    {
        using var key = NewKey();
        return new(Sign(Authority(name, key), key));
    }

    /// <summary>A certificate for a server that is reached as this name and, unless it is for another machine, as 127.0.0.1.</summary>
    public X509Certificate2 Server(string name = "localhost", bool isLoopback = true, DateTimeOffset? until = null)
    {
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        if (isLoopback)
        {
            names.AddIpAddress(IPAddress.Loopback);
        }

        using var key = NewKey();
        return Sign(Leaf(name, ServerUsage, key, names.Build()), key, until);
    }

    public X509Certificate2 Client(string name)
    {
        using var key = NewKey();
        return Sign(Leaf(name, ClientUsage, key), key);
    }

    public static string KeyPem(X509Certificate2 certificate)
    {
        using var key = certificate.GetECDsaPrivateKey()!;
        return key.ExportPkcs8PrivateKeyPem();
    }

    public static string Base64(string pem) => Convert.ToBase64String(Encoding.UTF8.GetBytes(pem));

    private static ECDsa NewKey() => ECDsa.Create(ECCurve.NamedCurves.nistP256);

    private static CertificateRequest Authority(string name, ECDsa key)
    {
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        return request;
    }

    private static CertificateRequest Leaf(string name, string usage, ECDsa key, params X509Extension[] extensions)
    {
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], false));
        foreach (var extension in extensions)
        {
            request.CertificateExtensions.Add(extension);
        }

        return request;
    }

    private X509Certificate2 Sign(CertificateRequest request, ECDsa key, DateTimeOffset? until = null)
    {
        // Not computed anew: a second later it would be after the end of the issuer, which is refused.
        using var signed = request.Create(Certificate, Certificate.NotBefore, until ?? Certificate.NotAfter, RandomNumberGenerator.GetBytes(8));
        return signed.CopyWithPrivateKey(key);
    }
}
