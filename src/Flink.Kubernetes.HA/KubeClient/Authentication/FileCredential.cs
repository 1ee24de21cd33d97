using System.Security.Cryptography.X509Certificates;

namespace Flink.Kubernetes.HA.KubeClient.Authentication;

/// <summary>A token and a client certificate, each fixed, in a file that is read again, or absent.</summary>
internal sealed class FileCredential : KubeCredential
{
    private readonly string? _fixedToken;
    private readonly Reloading<string>? _token;
    private readonly Reloading<X509Certificate2>? _clientCertificate;

    public FileCredential(string? fixedToken, Reloading<string>? token = null, Reloading<X509Certificate2>? clientCertificate = null) =>
        (_fixedToken, _token, _clientCertificate) = (fixedToken, token, clientCertificate);

    public override X509Certificate2? ClientCertificate => _clientCertificate?.Get(refresh: false);

    /// <summary>The token in a file, at first <paramref name="fallback"/> if the file cannot be read.</summary>
    public static Reloading<string> TokenFile(string path, string origin, string? fallback, AuthenticationEnvironment environment) =>
        new($"bearer token of '{path}'", () => ConfigText.BearerToken(ConfigText.ReadFile(path, origin), $"{origin}: '{path}'"), fallback, environment);

    /// <summary>The certificate of two texts that are read anew each time; it stays the same object while they stay the same.</summary>
    public static Reloading<X509Certificate2> CertificateFiles(
        Func<string> readCertificate, Func<string> readKey, string origin, AuthenticationEnvironment environment)
    {
        string? certificatePem = null, keyPem = null;
        X509Certificate2? certificate = null;
        return new($"client certificate of {origin}", Read, fallback: null, environment);

        X509Certificate2 Read()
        {
            var (newCertificatePem, newKeyPem) = (readCertificate(), readKey());
            if (certificate is null || newCertificatePem != certificatePem || newKeyPem != keyPem)
            {
                // The one before is left to the garbage collector: a handshake may still be using it.
                certificate = PemCertificates.ReadClient(newCertificatePem, newKeyPem, origin);
                (certificatePem, keyPem) = (newCertificatePem, newKeyPem);
            }

            return certificate;
        }
    }

    public override ValueTask<string?> GetTokenAsync(bool refresh, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (refresh)
        {
            _clientCertificate?.Get(refresh: true);
        }

        return ValueTask.FromResult(_token is null ? _fixedToken : _token.Get(refresh));
    }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        _clientCertificate?.Last.Dispose();
    }
}
