using System.Globalization;
using System.Net;

namespace Flink.Kubernetes.HA.Connection;

/// <summary>The addresses that NO_PROXY excepts, in every form that kubectl and curl take; the runtime's own reading knows no ranges.</summary>
internal sealed class NoProxy(string value)
{
    private readonly string[] _entries = value.Split([',', ' ', '\t'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>Whether requests to the server go to it directly; those to this machine itself always do.</summary>
    public bool Covers(Uri server)
    {
        var host = server.IdnHost.Trim('[', ']').TrimEnd('.').ToLowerInvariant();
        var address = Address(host);
        return host == "localhost"
            || (address is not null && IPAddress.IsLoopback(address))
            || Array.Exists(_entries, entry => Covers(entry, host, address, server.Port));
    }

    private static bool Covers(string entry, string host, IPAddress? address, int port)
    {
        if (entry == "*")
        {
            return true;
        }

        if (entry.Split('/') is [var start, var bits])
        {
            return address is not null && Range(start, bits) is { } range && range.Contains(address);
        }

        var (name, entryPort) = SplitPort(entry);
        if (name.Length == 0 || (entryPort is not null && entryPort != port.ToString(CultureInfo.InvariantCulture)))
        {
            return false;
        }

        return Address(name) is { } excepted ? excepted.Equals(address) : address is null && CoversName(name, host);
    }

    // "example.com" covers itself and what is below it; ".example.com" and "*.example.com" cover what is below only, as in kubectl.
    private static bool CoversName(string name, string host)
    {
        var pattern = (name.StartsWith("*.", StringComparison.Ordinal) ? name[1..] : name).TrimEnd('.');
        return pattern.StartsWith('.')
            ? host.EndsWith(pattern, StringComparison.OrdinalIgnoreCase)
            : host.Equals(pattern, StringComparison.OrdinalIgnoreCase) || host.EndsWith($".{pattern}", StringComparison.OrdinalIgnoreCase);
    }

    private static (string Name, string? Port) SplitPort(string entry)
    {
        var colon = entry.LastIndexOf(':');
        var isBracketed = entry.StartsWith('[');
        var hasPort = colon >= 0 && (isBracketed ? entry[colon - 1] == ']' : entry.IndexOf(':', StringComparison.Ordinal) == colon);
        return (hasPort ? entry[..colon].Trim('[', ']') : entry.Trim('[', ']'), hasPort ? entry[(colon + 1)..] : null);
    }

    // Unlike IPNetwork.Parse, with any host bits: people write their own address with the length of the network.
    private static IPNetwork? Range(string start, string bits)
    {
        if (Address(start.Trim('[', ']')) is not { } address || !int.TryParse(bits, NumberStyles.None, CultureInfo.InvariantCulture, out var length))
        {
            return null;
        }

        var bytes = address.GetAddressBytes();
        if (length > bytes.Length * 8)
        {
            return null;
        }

        for (var bit = length; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        }

        return new IPNetwork(new IPAddress(bytes), length);
    }

    private static IPAddress? Address(string text) =>
        IPAddress.TryParse(text, out var address) ? address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address : null;
}

/// <summary>The proxy on the way to the API server, and who names it.</summary>
internal sealed class ProxyChoice
{
    private readonly Uri _address;
    private readonly NetworkCredential? _credential;
    private readonly string _origin;

    private ProxyChoice(Uri address, string origin)
    {
        if (address.UserInfo.Split(':', 2) is [{ Length: > 0 } user, .. var rest])
        {
            _credential = new NetworkCredential(Uri.UnescapeDataString(user), Uri.UnescapeDataString(rest.FirstOrDefault() ?? string.Empty));
        }

        // Without the password, which the runtime's errors would show. The runtime's socks5 lets the proxy look names up, as socks5h does.
        var scheme = address.Scheme == "socks5h" ? "socks5" : address.Scheme;
        _address = new UriBuilder(address) { UserName = string.Empty, Password = string.Empty, Scheme = scheme }.Uri;
        _origin = origin;
    }

    /// <summary>The address for errors and tests.</summary>
    public Uri Address => _address;

    /// <summary>The proxy of an address, or <see langword="null"/> where it is not the address of one.</summary>
    public static ProxyChoice? Read(string text, string origin) =>
        Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is "http" or "https" or "socks5" or "socks5h" && address.Host.Length > 0
            ? new ProxyChoice(address, origin)
            : null;

    /// <summary>The proxy that kubectl would use: of HTTPS_PROXY, HTTP_PROXY and NO_PROXY, in capitals or not; never for this machine itself.</summary>
    public static ProxyChoice? FromEnvironment(Uri server, ConnectionEnvironment environment)
    {
        string[] names = server.Scheme == Uri.UriSchemeHttps ? ["HTTPS_PROXY", "https_proxy"] : ["HTTP_PROXY", "http_proxy"];
        if (environment.FirstSet(names) is not { } text || new NoProxy(environment.FirstSet("NO_PROXY", "no_proxy") ?? string.Empty).Covers(server))
        {
            return null;
        }

        // The text is not shown: it often has a password in it. Go too reads an address without a scheme as http.
        var origin = string.Join(" or ", names);
        return Read(text.Contains("://", StringComparison.Ordinal) ? text.Trim() : $"http://{text.Trim()}", origin)
            ?? throw ConfigurationError.Create($"{origin}: must be the address of a proxy, such as http://proxy.example:3128, https://... or socks5://....");
    }

    public WebProxy ToWebProxy() => new(_address) { Credentials = _credential };

    /// <summary>The failure of the proxy told as such, so that nobody looks for it at the API server; <see langword="null"/> for other failures.</summary>
    public HttpRequestException? Explain(Exception exception) =>
        exception is HttpRequestException { HttpRequestError: var error }
        && error is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.ProxyTunnelError
            ? new(error, $"The proxy {_address.GetLeftPart(UriPartial.Authority)} (from {_origin}) failed: {exception.Message}", exception)
            : null;
}
