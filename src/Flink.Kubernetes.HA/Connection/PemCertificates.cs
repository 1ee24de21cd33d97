using System.Net.Security;
using System.Net;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Security.Cryptography;

namespace Flink.Kubernetes.HA.Connection;

/// <summary>Reads certificates and keys from PEM.</summary>
internal static class PemCertificates
{
    /// <summary>All certificates of a bundle, at least one.</summary>
    public static X509Certificate2Collection ReadAll(string pem, string origin)
    {
        var all = new X509Certificate2Collection();
        try
        {
            all.ImportFromPem(pem);
        }
        catch (CryptographicException e)
        {
            throw ConfigurationError.Create($"{origin}: a certificate is damaged: {e.Message}", e);
        }

        return all.Count > 0 ? all : throw ConfigurationError.Create($"{origin}: there is no certificate in it. It must be PEM: -----BEGIN CERTIFICATE-----.");
    }

    /// <summary>The first certificate with its private key (RSA or EC, as PKCS#8, PKCS#1 or SEC1), and the others as its chain.</summary>
    public static SslStreamCertificateContext ReadClient(string certificatePem, string keyPem, string origin)
    {
        if (keyPem.Contains("ENCRYPTED", StringComparison.Ordinal))
        {
            throw ConfigurationError.Create($"{origin}: the private key is encrypted. Decrypt it, for example with 'openssl pkey -in KEY -out NEW'.");
        }

        var all = ReadAll(certificatePem, $"{origin}: the client certificate");
        try
        {
            var certificate = X509Certificate2.CreateFromPem(certificatePem, keyPem);
            return SslStreamCertificateContext.Create(OperatingSystem.IsWindows() ? WithStoredKey(certificate) : certificate, all, offline: true);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException or NotSupportedException)
        {
            throw ConfigurationError.Create(
                $"{origin}: the client certificate and its key cannot be used: {e.Message} "
                + "Both must be PEM, the key RSA or EC and the one that belongs to the certificate.", e);
        }
    }

    // Windows' TLS does not take a key that exists in memory only.
    private static X509Certificate2 WithStoredKey(X509Certificate2 certificate)
    {
        using (certificate)
        {
            return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), password: null);
        }
    }
}

/// <summary>How the server proves that it is the one that is meant, and by which certificate we are known to it.</summary>
internal static class ServerVerification
{
    private const X509ChainStatusFlags NotEndingInARoot = X509ChainStatusFlags.PartialChain | X509ChainStatusFlags.UntrustedRoot;

    /// <summary>Creates the options of the TLS handshake.</summary>
    /// <param name="settings">The server, and whether it is verified at all.</param>
    /// <param name="authorities">The only certificates to trust; <see langword="null"/> for the roots of the system.</param>
    /// <param name="client">The client certificate with its chain.</param>
    public static SslClientAuthenticationOptions Create(
        ConnectionSettings settings, X509Certificate2Collection? authorities, SslStreamCertificateContext? client)
    {
        var options = new SslClientAuthenticationOptions
        {
            // Clusters' own authorities have no revocation lists.
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            ClientCertificateContext = client,
        };
        if (settings.SkipVerification)
        {
#pragma warning disable CA5359 // The user has asked for it: insecure-skip-tls-verify.
            options.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore CA5359
            return options;
        }

        if (authorities is not null)
        {
            options.CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
                DisableCertificateDownloads = true,
            };
            options.CertificateChainPolicy.CustomTrustStore.AddRange(authorities);

            // The runtime ignores trusted certificates that are not self-signed, unless they are also offered as links of a chain.
            options.CertificateChainPolicy.ExtraStore.AddRange(authorities);
        }

        options.RemoteCertificateValidationCallback = (sender, certificate, chain, errors) =>
            Verify(((SslStream)sender).TargetHostName, certificate as X509Certificate2, chain, errors, authorities);
        return options;
    }

    private static bool Verify(string name, X509Certificate2? certificate, X509Chain? chain, SslPolicyErrors errors, X509Certificate2Collection? authorities)
    {
        if (errors == SslPolicyErrors.None)
        {
            return true;
        }

        if (certificate is null || errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable))
        {
            throw new AuthenticationException($"{name} has sent no certificate.");
        }

        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
        {
            throw new AuthenticationException(
                $"The certificate of the server is not valid for the name '{name}', but for: {Names(certificate)}. "
                + "Is this the API server? Use one of these names as the address, or as tls-server-name.");
        }

        if (authorities is not null && chain is not null && IsTrusted(chain, authorities))
        {
            return true;
        }

        throw new AuthenticationException(
            $"The certificate of {name} ('{certificate.Subject}', issued by '{certificate.Issuer}') is not trusted: "
            + $"{string.Join(", ", chain?.ChainStatus.Select(s => s.Status.ToString()).Distinct() ?? [])}. "
            + (authorities is null
                ? "No certificate-authority is configured, so those of this system count."
                : $"Configured as certificate-authority: {string.Join(", ", authorities.Select(a => $"'{a.Subject}'"))}."));
    }

    // As Go does: any certificate that is trusted ends the chain, self-signed or not; what is above it does not count.
    private static bool IsTrusted(X509Chain chain, X509Certificate2Collection authorities)
    {
        foreach (var element in chain.ChainElements)
        {
            if (element.ChainElementStatus.Any(status => (status.Status & ~NotEndingInARoot) != X509ChainStatusFlags.NoError))
            {
                return false;
            }

            if (authorities.Any(authority => authority.RawDataMemory.Span.SequenceEqual(element.Certificate.RawDataMemory.Span)))
            {
                return true;
            }
        }

        return false;
    }

    private static string Names(X509Certificate2 certificate)
    {
        var names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>()
            .SelectMany(e => e.EnumerateDnsNames().Concat(e.EnumerateIPAddresses().Select(a => a.ToString()))).ToList();
        return names.Count == 0 ? "no name at all" : string.Join(", ", names);
    }
}
