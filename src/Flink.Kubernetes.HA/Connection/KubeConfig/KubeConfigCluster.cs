using System.Text;

namespace Flink.Kubernetes.HA.Connection.KubeConfig;

/// <summary>Reads what a cluster of a kubeconfig says about the server.</summary>
internal static class KubeConfigCluster
{
    private static readonly string[] OnlyForTls = ["certificate-authority-data", "certificate-authority", "tls-server-name"];

    public static void Read(YamlMapping cluster, ApiServerConfiguration configuration, ConnectionEnvironment environment)
    {
        cluster.WarnOfOthersThan(environment.Logger, [.. OnlyForTls, "server", "insecure-skip-tls-verify", "proxy-url", "disable-compression", "extensions"]);
        var server = ReadServer(cluster);
        configuration.Host = server.AbsoluteUri;
        if (cluster.Text("proxy-url") is { } proxy)
        {
            // The text is not shown: a proxy's address often has a password in it.
            configuration.Proxy = ProxyChoice.Read(proxy, $"{cluster.Origin}.proxy-url")
                ?? throw cluster.Error("proxy-url", "must be a whole address that begins with http://, https:// or socks5://.");
        }

        if (server.Scheme == Uri.UriSchemeHttps)
        {
            ReadTls(cluster, configuration);
        }
    }

    private static Uri ReadServer(YamlMapping cluster)
    {
        var text = cluster.RequiredText("server");
        if (!Uri.TryCreate(text, UriKind.Absolute, out var server) || server.Scheme is not ("https" or "http") || server.Host.Length == 0)
        {
            throw cluster.Error("server", $"is '{text}'; it must be a whole address such as https://10.0.0.1:6443.");
        }

        if (server.UserInfo.Length > 0)
        {
            throw cluster.Error("server", "has a user name in the address. Put the credential under users.");
        }

        if (server.Scheme == Uri.UriSchemeHttp && Array.Find(OnlyForTls, key => cluster.Text(key) is not null) is { } needless)
        {
            throw cluster.Error(needless, $"has no effect, since the server is '{text}', without TLS. Change the server to https, or remove {needless}.");
        }

        return new Uri(server.GetLeftPart(UriPartial.Path));
    }

    // Data wins over the file.
    private static void ReadTls(YamlMapping cluster, ApiServerConfiguration configuration)
    {
        configuration.TlsServerName = cluster.Text("tls-server-name");
        configuration.SkipTlsVerify = cluster.Flag("insecure-skip-tls-verify");
        if (cluster.Data("certificate-authority-data") is { } data)
        {
            configuration.SslCaCerts = PemCertificates.ReadAll(Encoding.UTF8.GetString(data), $"{cluster.Origin}.certificate-authority-data");
        }
        else if (cluster.FilePath("certificate-authority") is { } path)
        {
            configuration.AuthorityFile = new NamedFile(path, $"{cluster.Origin}.certificate-authority");
            configuration.SslCaCerts = PemCertificates.ReadAll(configuration.AuthorityFile.ReadText(), configuration.AuthorityFile.Description);
        }

        if (configuration.SkipTlsVerify && configuration.SslCaCerts is not null)
        {
            throw cluster.Error(
                "insecure-skip-tls-verify", "is true, and there is a certificate authority as well. Remove one of them: the authority is the safe one to keep.");
        }
    }
}
