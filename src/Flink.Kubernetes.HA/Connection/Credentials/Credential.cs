using System.Net.Http.Headers;
using System.Net.Security;
using k8s.Authentication;

namespace Flink.Kubernetes.HA.Connection.Credentials;

/// <summary>Proves who we are by a header, a client certificate, or both.</summary>
internal abstract class Credential : ITokenProvider, IDisposable
{
    /// <summary>A certificate that comes with the credential: not before the first <see cref="GetAsync"/>, another object when it was renewed.</summary>
    public virtual SslStreamCertificateContext? ClientCertificate => null;

    /// <summary>The Authorization header; with <paramref name="refresh"/>, after a 401, one that was obtained again.</summary>
    /// <exception cref="KubernetesHaException">There is no credential; nothing was sent to the server.</exception>
    public abstract ValueTask<AuthenticationHeaderValue?> GetAsync(bool refresh, CancellationToken cancellationToken);

    async Task<AuthenticationHeaderValue> ITokenProvider.GetAuthenticationHeaderAsync(CancellationToken cancellationToken) =>
        (await GetAsync(refresh: false, cancellationToken).ConfigureAwait(false))!;

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
    }
}

/// <summary>A credential of the official client: a fixed token, a password, or a token provider of the user's.</summary>
internal sealed class GivenCredential(ServiceClientCredentials credentials) : Credential
{
    public override async ValueTask<AuthenticationHeaderValue?> GetAsync(bool refresh, CancellationToken cancellationToken)
    {
        using var message = new HttpRequestMessage();
        await credentials.ProcessHttpRequestAsync(message, cancellationToken).ConfigureAwait(false);
        return message.Headers.Authorization;
    }
}

/// <summary>The token in a file that is read again; until the file can be read a fixed one, if there is one.</summary>
internal sealed class TokenFileCredential(NamedFile file, string? fallback, ConnectionEnvironment environment) : Credential
{
    private readonly Reloading<AuthenticationHeaderValue> _token = new(
        $"bearer token of '{file.Path}'",
        file.ReadText,
        text => Header(text, file.Description),
        string.IsNullOrEmpty(fallback) ? null : Header(fallback, file.Origin),
        environment);

    public override ValueTask<AuthenticationHeaderValue?> GetAsync(bool refresh, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult<AuthenticationHeaderValue?>(_token.Get(refresh));
    }

    private static AuthenticationHeaderValue Header(string text, string origin) => new("Bearer", BearerToken.Check(text, origin));
}

internal static class BearerToken
{
    /// <summary>The token without the white space around it; the errors do not show it.</summary>
    public static string Check(string text, string origin)
    {
        var token = text.Trim();
        if (token.Length == 0)
        {
            throw ConfigurationError.Create($"{origin}: the token is empty.");
        }

        return token.AsSpan().ContainsAnyExceptInRange('!', '~')
            ? throw ConfigurationError.Create($"{origin}: the token has white space or characters in it that a token cannot have. Is it really a bearer token?")
            : token;
    }
}
