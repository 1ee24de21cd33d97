using System.Text;
using System.Text.Json.Nodes;
using Flink.Kubernetes.HA.Diagnostics;

namespace Flink.Kubernetes.HA.KubeClient.Authentication;

/// <summary>What a cluster of a kubeconfig says about the server.</summary>
internal sealed class KubeConfigCluster
{
    private const string PluginExtension = "client.authentication.k8s.io/exec";
    private static readonly string[] ProxySchemes = ["http", "https", "socks5"];

    private readonly YamlMapping _cluster;
    private readonly byte[]? _authorities;

    private KubeConfigCluster(YamlMapping cluster, AuthenticationEnvironment environment)
    {
        _cluster = cluster;
        Server = ReadServer(cluster);
        Proxy = ReadProxy(cluster);
        (Tls, _authorities) = Server.Scheme == Uri.UriSchemeHttps ? ReadTls(cluster) : (new TlsSettings(), null);
        if (Tls.SkipServerVerification)
        {
            Log.ServerNotVerified(environment.Logger, Server);
        }
    }

    public Uri Server { get; }

    public Uri? Proxy { get; }

    public TlsSettings Tls { get; }

    public static KubeConfigCluster Read(YamlMapping cluster, AuthenticationEnvironment environment) => new(cluster, environment);

    /// <summary>The cluster as exec plugins are told of it.</summary>
    public JsonObject ToExecInfo()
    {
        var json = new JsonObject { ["server"] = _cluster.Text("server") };
        AddIfPresent(json, "tls-server-name", Tls.ServerName);
        AddIfPresent(json, "certificate-authority-data", _authorities is null ? null : Convert.ToBase64String(_authorities));
        AddIfPresent(json, "proxy-url", _cluster.Text("proxy-url"));
        if (Tls.SkipServerVerification)
        {
            json["insecure-skip-tls-verify"] = true;
        }

        foreach (var extension in _cluster.Mappings("extensions").Where(e => e.Text("name") == PluginExtension))
        {
            json["config"] = extension.Node("extension") is { } node ? YamlJson.Convert(node) : null;
        }

        return json;
    }

    private static void AddIfPresent(JsonObject json, string name, string? value)
    {
        if (value is not null)
        {
            json[name] = value;
        }
    }

    private static Uri ReadServer(YamlMapping cluster)
    {
        var text = cluster.RequiredText("server");
        if (!Uri.TryCreate(text, UriKind.Absolute, out var server) || (server.Scheme != Uri.UriSchemeHttps && server.Scheme != Uri.UriSchemeHttp) || server.Host.Length == 0)
        {
            throw cluster.Error("server", $"is '{text}'; it must be a whole address such as https://10.0.0.1:6443.");
        }

        if (server.UserInfo.Length > 0)
        {
            throw cluster.Error("server", "has a user name in the address. Put the credential under users.");
        }

        if (server.Scheme == Uri.UriSchemeHttp && Array.Find(["certificate-authority-data", "certificate-authority", "tls-server-name"], k => cluster.Text(k) is not null) is { } needless)
        {
            throw cluster.Error(needless, $"has no effect, since the server is '{text}', without TLS. Change the server to https, or remove {needless}.");
        }

        return new Uri(server.GetLeftPart(UriPartial.Path));
    }

    private static Uri? ReadProxy(YamlMapping cluster)
    {
        if (cluster.Text("proxy-url") is not { } text)
        {
            return null;
        }

        // The text is not shown: a proxy's address often has a password in it.
        return Uri.TryCreate(text, UriKind.Absolute, out var proxy) && ProxySchemes.Contains(proxy.Scheme) && proxy.Host.Length > 0
            ? proxy
            : throw cluster.Error("proxy-url", "must be a whole address that begins with http://, https:// or socks5://.");
    }

    private static (TlsSettings Tls, byte[]? Authorities) ReadTls(YamlMapping cluster)
    {
        var skip = cluster.Flag("insecure-skip-tls-verify");
        var authorities = cluster.Data("certificate-authority-data");
        var origin = $"{cluster.Origin}.certificate-authority-data";
        if (authorities is null && cluster.FilePath("certificate-authority") is { } path)
        {
            origin = $"{cluster.Origin}.certificate-authority";
            authorities = Encoding.UTF8.GetBytes(ConfigText.ReadFile(path, origin));
            origin = $"{origin}: '{path}'";
        }

        if (skip && authorities is not null)
        {
            throw cluster.Error("insecure-skip-tls-verify", "is true, and there is a certificate authority as well. Remove one of them: the authority is the safe one to keep.");
        }

        var tls = new TlsSettings
        {
            CertificateAuthorities = authorities is null ? null : PemCertificates.ReadAuthorities(Encoding.UTF8.GetString(authorities), origin),
            SkipServerVerification = skip,
            ServerName = cluster.Text("tls-server-name"),
        };
        return (tls, authorities);
    }
}
