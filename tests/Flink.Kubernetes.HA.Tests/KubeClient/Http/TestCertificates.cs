using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Flink.Kubernetes.HA.Tests.KubeClient.Http;

/// <summary>A certificate authority of the test's own, and what it has signed.</summary>
internal sealed class TestCertificates : IDisposable
{
    private readonly List<X509Certificate2> _all = [];

    public TestCertificates()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=test-authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        Authority = Keep(request.CreateSelfSigned(From, Until));
    }

    public X509Certificate2 Authority { get; }

    private static DateTimeOffset From => DateTimeOffset.UtcNow.AddHours(-1);

    private static DateTimeOffset Until => DateTimeOffset.UtcNow.AddHours(1);

    public X509Certificate2 Server(string dnsName, IPAddress? address = null)
    {
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(dnsName);
        if (address is not null)
        {
            names.AddIpAddress(address);
        }

        return Sign($"CN={dnsName}", "1.3.6.1.5.5.7.3.1", names.Build());
    }

    public X509Certificate2 Client(string name) => Sign($"CN={name}", "1.3.6.1.5.5.7.3.2");

    public void Dispose() => _all.ForEach(c => c.Dispose());

    private X509Certificate2 Sign(string subject, string usage, params X509Extension[] extensions)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], false));
        foreach (var extension in extensions)
        {
            request.CertificateExtensions.Add(extension);
        }

        using var certificate = request.Create(Authority, From.AddMinutes(1), Until.AddMinutes(-1), RandomNumberGenerator.GetBytes(8));
        return Keep(certificate.CopyWithPrivateKey(key));
    }

    private X509Certificate2 Keep(X509Certificate2 certificate)
    {
        _all.Add(certificate);
        return certificate;
    }
}
