using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Flink.Kubernetes.HA.Connection.Credentials;
using k8s;
using k8s.Authentication;

namespace Flink.Kubernetes.HA.Connection;

/// <summary>What a configuration says about one client's connections.</summary>
internal sealed class ConnectionSettings
{
    private Reloading<SslStreamCertificateContext>? _clientCertificate;

    private ConnectionSettings(Uri server) => Server = server;

    public Uri Server { get; }

    /// <summary>The name to ask for (SNI) and to find in the certificate, where it is not the address's.</summary>
    public string? ServerName { get; private init; }

    public bool SkipVerification { get; private init; }

    /// <summary>The only certificates to trust; <see langword="null"/> for the roots of the system.</summary>
    public Reloading<X509Certificate2Collection>? Authorities { get; private set; }

    public ProxyChoice? Proxy { get; private init; }

    /// <summary>What the user wants to set on each handler.</summary>
    public Action<SocketsHttpHandler>? Setup { get; private init; }

    public Credential? Credential { get; private set; }

    public bool IsAnonymous => Credential is null && _clientCertificate is null;

    public static ConnectionSettings Read(KubernetesClientConfiguration configuration, ConnectionEnvironment environment)
    {
        var loaded = configuration as ApiServerConfiguration;
        var server = ReadServer(configuration.Host);
        var settings = new ConnectionSettings(server)
        {
            ServerName = string.IsNullOrWhiteSpace(configuration.TlsServerName) ? null : configuration.TlsServerName,
            SkipVerification = configuration.SkipTlsVerify && server.Scheme == Uri.UriSchemeHttps,
            Proxy = loaded?.Proxy ?? ProxyChoice.FromEnvironment(server, environment),
            Setup = configuration.FirstMessageHandlerSetup,
        };
        var origin = loaded?.Origin ?? "the KubernetesClientConfiguration";
        settings.ReadAuthorities(configuration, environment);
        settings.ReadClientCertificate(configuration, origin, environment);
        settings.Credential = ReadCredential(configuration, environment);
        settings.RefuseToSendInTheClear(origin);
        if (settings.SkipVerification)
        {
            ConnectionLog.ServerNotVerified(environment.Logger, server);
        }

        return settings;
    }

    public SslStreamCertificateContext? ClientCertificate(bool readNow) => Credential?.ClientCertificate ?? _clientCertificate?.Get(readNow);

    public bool IsServer(Uri address) => address.Scheme == Server.Scheme && address.Port == Server.Port && address.Host == Server.Host;

    private static Uri ReadServer(string? host)
    {
        if (!Uri.TryCreate(host, UriKind.Absolute, out var server) || server.Scheme is not ("https" or "http") || server.Host.Length == 0)
        {
            throw ConfigurationError.Create($"The address of the API server is '{host}'; it must be a whole one such as https://10.0.0.1:6443.");
        }

        // It would never be sent, and a password there would be in logs and errors.
        return server.UserInfo.Length == 0
            ? server
            : throw ConfigurationError.Create(
                $"The address of the API server {server.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped)} has a user name in it. "
                + "Remove it, and set the credential of the configuration.");
    }

    private static Credential? ReadCredential(KubernetesClientConfiguration configuration, ConnectionEnvironment environment)
    {
        if (configuration is ApiServerConfiguration { Exec: { } exec })
        {
            return new ExecCredential(new ExecPlugin(exec, environment).RunAsync, environment);
        }

        // The official provider of a pod's token keeps it for a minute also when the server refuses it.
        var isPod = configuration.TokenProvider is TokenFileAuth && ServiceAccount.AuthorityOf(configuration, environment) is not null;
        var file = isPod ? ServiceAccount.Token(environment) : (configuration as ApiServerConfiguration)?.TokenFile;
        return file is not null ? new TokenFileCredential(file, configuration.AccessToken, environment)
            : k8s.Kubernetes.CreateCredentials(configuration) is { } given ? new GivenCredential(given)
            : null;
    }

    private void ReadAuthorities(KubernetesClientConfiguration configuration, ConnectionEnvironment environment)
    {
        var file = (configuration as ApiServerConfiguration)?.AuthorityFile ?? ServiceAccount.AuthorityOf(configuration, environment);
        Authorities = file is not null
            ? new(file.Description, file.ReadText, pem => PemCertificates.ReadAll(pem, file.Description), fallback: null, environment)
            : configuration.SslCaCerts is { Count: > 0 } given ? new(string.Empty, () => string.Empty, _ => given, fallback: null, environment)
            : null;
    }

    private void ReadClientCertificate(KubernetesClientConfiguration configuration, string origin, ConnectionEnvironment environment)
    {
        var certificate = Pem(configuration.ClientCertificateFilePath, configuration.ClientCertificateData, $"{origin}.client-certificate");
        var key = Pem(configuration.ClientKeyFilePath, configuration.ClientCertificateKeyData, $"{origin}.client-key");
        if (certificate is null != key is null)
        {
            throw ConfigurationError.Create(certificate is null
                ? $"{origin}: there is a private key without its client certificate. Add client-certificate or client-certificate-data."
                : $"{origin}: there is a client certificate without its private key. Add client-key or client-key-data.");
        }

        if (certificate is not null)
        {
            // No PEM has a zero in it.
            _clientCertificate = new(
                $"client certificate of {origin}",
                () => $"{certificate()}\0{key!()}",
                pem => PemCertificates.ReadClient(pem.Split('\0')[0], pem.Split('\0')[1], origin),
                fallback: null,
                environment);
        }
    }

    // The file before the data, as the official client does.
    private static Func<string>? Pem(string? path, string? data, string origin)
    {
        if (!string.IsNullOrWhiteSpace(path))
        {
            return new NamedFile(path, origin).ReadText;
        }

        if (string.IsNullOrWhiteSpace(data))
        {
            return null;
        }

        try
        {
            var pem = Encoding.UTF8.GetString(Convert.FromBase64String(data));
            return () => pem;
        }
        catch (FormatException)
        {
            throw ConfigurationError.Create($"{origin}-data is not base64. Put the PEM through 'base64 -w0', or name a file.");
        }
    }

    private void RefuseToSendInTheClear(string origin)
    {
        if (Server.Scheme == Uri.UriSchemeHttps)
        {
            return;
        }

        if (_clientCertificate is not null)
        {
            throw ConfigurationError.Create($"{origin}: a client certificate needs TLS, and the server is {Server}. Change the server to https.");
        }

        if (Credential is not null && !Server.IsLoopback)
        {
            throw ConfigurationError.Create($"{origin}: the credential would be sent without encryption to {Server}. Change the server to https.");
        }
    }
}
